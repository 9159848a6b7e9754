-- Files live on other records and are reached through them: no access rows.
CREATE TABLE file (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL,
	name_masked TEXT,
	form TEXT NOT NULL,
	content INTEGER NOT NULL,
	picture INTEGER,
	about_kind TEXT NOT NULL,
	about INTEGER NOT NULL,
	responsible INTEGER,
	created_at INTEGER NOT NULL,
	created_by INTEGER,
	updated_at INTEGER NOT NULL,
	updated_by INTEGER,
	deleted_at INTEGER,
	deleted_by INTEGER
) STRICT;

CREATE INDEX file_about ON file (about, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX file_responsible ON file (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX file_created_at ON file (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX file_updated_at ON file (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX file_bin ON file (deleted_at, id) WHERE deleted_at IS NOT NULL;

-- What files hold: sealed, in pieces. One without a record has arrived and belongs to nothing yet.
CREATE TABLE blob (
	id INTEGER PRIMARY KEY,
	made_at INTEGER NOT NULL,
	record INTEGER,
	part INTEGER NOT NULL,
	size INTEGER NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE UNIQUE INDEX blob_record ON blob (record, part) WHERE record IS NOT NULL;
CREATE INDEX blob_loose ON blob (made_at) WHERE record IS NULL;

CREATE TABLE blob_piece (
	blob INTEGER NOT NULL REFERENCES blob (id) ON DELETE CASCADE,
	place INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (blob, place)
) STRICT;
