-- Client folders, and the folder that clients and deals were put into.
CREATE TABLE folder (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	name_masked TEXT,
	company INTEGER,
	responsible INTEGER,
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

CREATE INDEX folder_name ON folder (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_company ON folder (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_responsible ON folder (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_created_at ON folder (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_updated_at ON folder (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_bin ON folder (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE VIRTUAL TABLE folder_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');

ALTER TABLE contact ADD COLUMN folder INTEGER;
CREATE INDEX contact_folder ON contact (folder, updated_at, id) WHERE deleted_at IS NULL;
ALTER TABLE deal ADD COLUMN folder INTEGER;
CREATE INDEX deal_folder ON deal (folder, updated_at, id) WHERE deleted_at IS NULL;
