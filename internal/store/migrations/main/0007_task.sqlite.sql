-- Tasks.
CREATE TABLE task (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	title TEXT NOT NULL,
	title_key TEXT NOT NULL,
	title_masked TEXT,
	activity TEXT,
	due INTEGER,
	done INTEGER,
	done_at INTEGER,
	contact INTEGER,
	company INTEGER,
	deal INTEGER,
	responsible INTEGER,
	note TEXT,
	note_masked TEXT,
	created_at INTEGER NOT NULL,
	created_by INTEGER,
	updated_at INTEGER NOT NULL,
	updated_by INTEGER,
	deleted_at INTEGER,
	deleted_by INTEGER
) STRICT;

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
