-- Services: what is done for a client in one visit.
CREATE TABLE service (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	name_masked TEXT,
	category TEXT,
	category_key TEXT,
	category_masked TEXT,
	duration INTEGER,
	price INTEGER,
	colour TEXT,
	active INTEGER,
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

CREATE INDEX service_name ON service (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX service_category ON service (category_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_active ON service (active, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_responsible ON service (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_created_at ON service (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_updated_at ON service (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_bin ON service (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE VIRTUAL TABLE service_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
