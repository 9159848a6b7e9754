-- People, their sessions, their programs, and how old what a process remembers may be.

-- Each row counts the changes of something that processes keep in memory.
CREATE TABLE epoch (
	name TEXT PRIMARY KEY,
	n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- email_key is the folded address by which a person signs in.
CREATE TABLE person (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	email TEXT NOT NULL,
	email_key TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL CHECK (name <> ''),
	role INTEGER NOT NULL REFERENCES role (id),
	language TEXT NOT NULL,
	time_zone TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('active', 'deactivated')),
	password TEXT, -- argon2id in PHC form; NULL: cannot sign in by password
	password_at INTEGER,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX person_role ON person (role);

-- hash is the SHA-256 of the token, which is nowhere kept.
CREATE TABLE session (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	person INTEGER NOT NULL REFERENCES person (id),
	how TEXT NOT NULL CHECK (how IN ('password', 'link', 'setup')),
	address TEXT NOT NULL,
	network TEXT NOT NULL,
	device TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	used_at INTEGER NOT NULL,
	used_from TEXT NOT NULL,
	ended_at INTEGER,
	ended_why TEXT CHECK ((ended_why IS NULL) = (ended_at IS NULL))
) STRICT;
CREATE INDEX session_person ON session (person, network, used_at);
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE program_key (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	hint TEXT NOT NULL, -- the last characters of the key, by which its owner knows it
	name TEXT NOT NULL CHECK (name <> ''),
	owner INTEGER NOT NULL REFERENCES person (id),
	role INTEGER NOT NULL, -- may be gone once the key has ended
	networks TEXT NOT NULL, -- JSON array of prefixes; []: from anywhere
	created_at INTEGER NOT NULL,
	created_by INTEGER NOT NULL,
	ends_at INTEGER,
	used_at INTEGER,
	used_from TEXT,
	ended_at INTEGER,
	ended_why TEXT CHECK ((ended_why IS NULL) = (ended_at IS NULL))
) STRICT;
CREATE INDEX program_key_owner ON program_key (owner);
CREATE INDEX program_key_role ON program_key (role);

-- One-time links: to set the workspace up (no person), to be invited, to set a
-- new password. A row is deleted when it is used.
CREATE TABLE one_time_link (
	hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
	purpose TEXT NOT NULL CHECK (purpose IN ('setup', 'invite', 'reset')),
	person INTEGER REFERENCES person (id),
	created_at INTEGER NOT NULL,
	ends_at INTEGER,
	CHECK ((purpose = 'setup') = (person IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_link_person ON one_time_link (person);
