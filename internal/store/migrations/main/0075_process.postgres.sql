-- Post-sale processes, and the tasks that belong to them.
CREATE TABLE process (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	title TEXT COLLATE "C" NOT NULL,
	title_key TEXT COLLATE "C" NOT NULL,
	title_masked TEXT COLLATE "C",
	pipeline BIGINT NOT NULL,
	stage BIGINT NOT NULL,
	contact BIGINT,
	company BIGINT,
	deal BIGINT,
	responsible BIGINT,
	due TEXT COLLATE "C",
	closed_at BIGINT,
	tags TEXT COLLATE "C",
	note TEXT COLLATE "C",
	note_masked TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT
);

CREATE INDEX process_title ON process (title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX process_pipeline ON process (pipeline, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX process_stage ON process (stage, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX process_contact ON process (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX process_company ON process (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX process_deal ON process (deal, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX process_responsible ON process (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX process_created_at ON process (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX process_updated_at ON process (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX process_bin ON process (deleted_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE task ADD COLUMN process BIGINT;
CREATE INDEX task_process ON task (process, updated_at, id) WHERE deleted_at IS NULL;

-- Until now deals alone had pipelines.
ALTER TABLE pipeline ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'deal';
