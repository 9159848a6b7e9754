-- Calls.
CREATE TABLE call (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	title TEXT NOT NULL,
	title_key TEXT NOT NULL,
	title_masked TEXT,
	direction TEXT,
	outcome TEXT,
	number TEXT,
	began_at INTEGER,
	seconds INTEGER,
	recording TEXT,
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

CREATE INDEX call_title ON call (title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX call_direction ON call (direction, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_outcome ON call (outcome, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_began_at ON call (began_at, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_contact ON call (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_company ON call (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_deal ON call (deal, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_responsible ON call (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_created_at ON call (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_updated_at ON call (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_bin ON call (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE VIRTUAL TABLE call_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
CREATE VIRTUAL TABLE call_digits USING fts5 (digits, content = '', contentless_delete = 1, tokenize = 'trigram');
