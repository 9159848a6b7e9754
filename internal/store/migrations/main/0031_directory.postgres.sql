-- What a firm's directory says of people and groups (SCIM).

-- One row: how accounts are kept in step.
CREATE TABLE directory (
	id BIGINT PRIMARY KEY CHECK (id = 1),
	version BIGINT NOT NULL,
	role BIGINT -- of people whom the directory brings; NULL: it brings none
);
INSERT INTO directory (id, version) VALUES (1, 1);

-- An account that the directory has made or taken on. given is the role that it
-- gave last: one that somebody has given by hand since is left alone. closed is
-- whether the directory closed the account; removed_at, since when it has been
-- deleted there.
CREATE TABLE directory_person (
	person BIGINT PRIMARY KEY REFERENCES person (id),
	external TEXT COLLATE "C", -- the id that the directory gave
	login TEXT COLLATE "C" NOT NULL, -- userName
	login_key TEXT COLLATE "C" NOT NULL UNIQUE,
	given_name TEXT COLLATE "C" NOT NULL,
	family_name TEXT COLLATE "C" NOT NULL,
	given BIGINT, -- role
	closed BIGINT NOT NULL CHECK (closed IN (0, 1)),
	made BIGINT NOT NULL CHECK (made IN (0, 1)),
	removed_at BIGINT,
	synced_at BIGINT NOT NULL
);

-- A group that the directory has made (made = 1) or taken on, and which role its
-- members get. Of several roles the one with the smallest place counts.
CREATE TABLE directory_group (
	workgroup BIGINT PRIMARY KEY REFERENCES workgroup (id),
	external TEXT COLLATE "C",
	made BIGINT NOT NULL CHECK (made IN (0, 1)),
	role BIGINT,
	place BIGINT NOT NULL,
	synced_at BIGINT NOT NULL
);
