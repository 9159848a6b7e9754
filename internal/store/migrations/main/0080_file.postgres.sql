-- Files live on other records and are reached through them: no access rows.
CREATE TABLE file (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	name_masked TEXT COLLATE "C",
	form TEXT COLLATE "C" NOT NULL,
	content BIGINT NOT NULL,
	picture BIGINT,
	about_kind TEXT COLLATE "C" NOT NULL,
	about BIGINT NOT NULL,
	responsible BIGINT,
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT
);

CREATE INDEX file_about ON file (about, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX file_responsible ON file (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX file_created_at ON file (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX file_updated_at ON file (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX file_bin ON file (deleted_at, id) WHERE deleted_at IS NOT NULL;

-- What files hold: sealed, in pieces. One without a record has arrived and belongs to nothing yet.
CREATE TABLE blob (
	id BIGINT PRIMARY KEY,
	made_at BIGINT NOT NULL,
	record BIGINT,
	part BIGINT NOT NULL,
	size BIGINT NOT NULL,
	hash BYTEA NOT NULL CHECK (length(hash) = 32)
);
CREATE UNIQUE INDEX blob_record ON blob (record, part) WHERE record IS NOT NULL;
CREATE INDEX blob_loose ON blob (made_at) WHERE record IS NULL;

CREATE TABLE blob_piece (
	blob BIGINT NOT NULL REFERENCES blob (id) ON DELETE CASCADE,
	place BIGINT NOT NULL,
	data BYTEA NOT NULL,
	PRIMARY KEY (blob, place)
);
