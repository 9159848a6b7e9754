-- Comments live on other records and are reached through them: no access rows.
CREATE TABLE comment (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	text TEXT NOT NULL,
	text_masked TEXT,
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

CREATE INDEX comment_about ON comment (about, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX comment_responsible ON comment (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX comment_created_at ON comment (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX comment_updated_at ON comment (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX comment_bin ON comment (deleted_at, id) WHERE deleted_at IS NOT NULL;
