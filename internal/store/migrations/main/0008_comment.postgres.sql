-- Comments live on other records and are reached through them: no access rows.
CREATE TABLE comment (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	text TEXT COLLATE "C" NOT NULL,
	text_masked TEXT COLLATE "C",
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

CREATE INDEX comment_about ON comment (about, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX comment_responsible ON comment (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX comment_created_at ON comment (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX comment_updated_at ON comment (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX comment_bin ON comment (deleted_at, id) WHERE deleted_at IS NOT NULL;
