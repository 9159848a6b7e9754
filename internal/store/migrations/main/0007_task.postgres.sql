-- Tasks.
CREATE TABLE task (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	title TEXT COLLATE "C" NOT NULL,
	title_key TEXT COLLATE "C" NOT NULL,
	title_masked TEXT COLLATE "C",
	activity TEXT COLLATE "C",
	due BIGINT,
	done BIGINT,
	done_at BIGINT,
	contact BIGINT,
	company BIGINT,
	deal BIGINT,
	responsible BIGINT,
	note TEXT COLLATE "C",
	note_masked TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT
);

CREATE INDEX task_title ON task (title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX task_due ON task (due, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_done ON task (done, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_contact ON task (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_company ON task (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_deal ON task (deal, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_responsible ON task (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_created_at ON task (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_updated_at ON task (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_bin ON task (deleted_at, id) WHERE deleted_at IS NOT NULL;
