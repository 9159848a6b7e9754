-- Post-sale processes, and the tasks that belong to them.
CREATE TABLE process (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	title TEXT NOT NULL,
	title_key TEXT NOT NULL,
	title_masked TEXT,
	pipeline INTEGER NOT NULL,
	stage INTEGER NOT NULL,
	contact INTEGER,
	company INTEGER,
	deal INTEGER,
	responsible INTEGER,
	due TEXT,
	closed_at INTEGER,
	tags TEXT,
	note TEXT,
	note_masked TEXT,
	created_at INTEGER NOT NULL,
	created_by INTEGER,
	updated_at INTEGER NOT NULL,
	updated_by INTEGER,
	deleted_at INTEGER,
	deleted_by INTEGER
) STRICT;

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

CREATE VIRTUAL TABLE process_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');

ALTER TABLE task ADD COLUMN process INTEGER;
CREATE INDEX task_process ON task (process, updated_at, id) WHERE deleted_at IS NULL;

-- Until now deals alone had pipelines.
ALTER TABLE pipeline ADD COLUMN kind TEXT NOT NULL DEFAULT 'deal';
