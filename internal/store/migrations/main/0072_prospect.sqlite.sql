-- Prospect lists.
CREATE TABLE prospect_list (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	name_masked TEXT,
	source TEXT,
	source_key TEXT,
	source_masked TEXT,
	closed INTEGER,
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

CREATE INDEX prospect_list_name ON prospect_list (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_source ON prospect_list (source_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_closed ON prospect_list (closed, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_responsible ON prospect_list (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_created_at ON prospect_list (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_updated_at ON prospect_list (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_bin ON prospect_list (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE VIRTUAL TABLE prospect_list_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');

-- Rows of prospect lists.
CREATE TABLE prospect (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	name_masked TEXT,
	list INTEGER NOT NULL,
	status TEXT,
	company_name TEXT,
	company_name_key TEXT,
	company_name_masked TEXT,
	job_title TEXT,
	job_title_masked TEXT,
	phones TEXT,
	emails TEXT,
	website TEXT,
	city TEXT,
	city_key TEXT,
	city_masked TEXT,
	contact INTEGER,
	deal INTEGER,
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

CREATE INDEX prospect_name ON prospect (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_in_list ON prospect (list, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_status ON prospect (status, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_company_name ON prospect (company_name_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_city ON prospect (city_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_contact ON prospect (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_deal ON prospect (deal, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_responsible ON prospect (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_created_at ON prospect (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_updated_at ON prospect (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_bin ON prospect (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE VIRTUAL TABLE prospect_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
CREATE VIRTUAL TABLE prospect_digits USING fts5 (digits, content = '', contentless_delete = 1, tokenize = 'trigram');
