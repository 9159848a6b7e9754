-- What a firm's directory says of people and groups (SCIM).

-- One row: how accounts are kept in step.
CREATE TABLE directory (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	version INTEGER NOT NULL,
	role INTEGER -- of people whom the directory brings; NULL: it brings none
) STRICT;
INSERT INTO directory (id, version) VALUES (1, 1);

-- An account that the directory has made or taken on. given is the role that it
-- gave last: one that somebody has given by hand since is left alone. closed is
-- whether the directory closed the account; removed_at, since when it has been
-- deleted there.
CREATE TABLE directory_person (
	person INTEGER PRIMARY KEY REFERENCES person (id),
	external TEXT, -- the id that the directory gave
	login TEXT NOT NULL, -- userName
	login_key TEXT NOT NULL UNIQUE,
	given_name TEXT NOT NULL,
	family_name TEXT NOT NULL,
	given INTEGER, -- role
	closed INTEGER NOT NULL CHECK (closed IN (0, 1)),
	made INTEGER NOT NULL CHECK (made IN (0, 1)),
	removed_at INTEGER,
	synced_at INTEGER NOT NULL
) STRICT;

-- A group that the directory has made (made = 1) or taken on, and which role its
-- members get. Of several roles the one with the smallest place counts.
CREATE TABLE directory_group (
	workgroup INTEGER PRIMARY KEY REFERENCES workgroup (id),
	external TEXT,
	made INTEGER NOT NULL CHECK (made IN (0, 1)),
	role INTEGER,
	place INTEGER NOT NULL,
	synced_at INTEGER NOT NULL
) STRICT;
