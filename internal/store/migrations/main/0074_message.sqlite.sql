-- Messages.
CREATE TABLE message (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	subject TEXT NOT NULL,
	subject_key TEXT NOT NULL,
	subject_masked TEXT,
	channel TEXT NOT NULL,
	direction TEXT,
	number TEXT,
	addresses TEXT,
	body TEXT,
	body_masked TEXT,
	at INTEGER,
	contact INTEGER,
	company INTEGER,
	deal INTEGER,
	responsible INTEGER,
	created_at INTEGER NOT NULL,
	created_by INTEGER,
	updated_at INTEGER NOT NULL,
	updated_by INTEGER,
	deleted_at INTEGER,
	deleted_by INTEGER
) STRICT;

CREATE INDEX message_subject ON message (subject_key, id) WHERE deleted_at IS NULL;
CREATE INDEX message_channel ON message (channel, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_direction ON message (direction, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_at ON message (at, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_contact ON message (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_company ON message (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_deal ON message (deal, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_responsible ON message (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_created_at ON message (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_updated_at ON message (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_bin ON message (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE VIRTUAL TABLE message_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
CREATE VIRTUAL TABLE message_digits USING fts5 (digits, content = '', contentless_delete = 1, tokenize = 'trigram');
