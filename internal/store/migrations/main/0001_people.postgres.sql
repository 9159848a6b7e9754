-- People, their sessions, their programs, and how old what a process remembers may be.

-- Each row counts the changes of something that processes keep in memory.
CREATE TABLE epoch (
	name TEXT COLLATE "C" PRIMARY KEY,
	n BIGINT NOT NULL
);

-- email_key is the folded address by which a person signs in.
CREATE TABLE person (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	email TEXT COLLATE "C" NOT NULL,
	email_key TEXT COLLATE "C" NOT NULL UNIQUE,
	name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
	role BIGINT NOT NULL,
	language TEXT COLLATE "C" NOT NULL,
	time_zone TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'deactivated')),
	password TEXT COLLATE "C", -- argon2id in PHC form; NULL: cannot sign in by password
	password_at BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX person_role ON person (role);

-- hash is the SHA-256 of the token, which is nowhere kept.
CREATE TABLE session (
	id BIGINT PRIMARY KEY,
	hash BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
	person BIGINT NOT NULL REFERENCES person (id),
	how TEXT COLLATE "C" NOT NULL CHECK (how IN ('password', 'link', 'setup')),
	address TEXT COLLATE "C" NOT NULL,
	network TEXT COLLATE "C" NOT NULL,
	device TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	used_at BIGINT NOT NULL,
	used_from TEXT COLLATE "C" NOT NULL,
	ended_at BIGINT,
	ended_why TEXT COLLATE "C" CHECK ((ended_why IS NULL) = (ended_at IS NULL))
);
CREATE INDEX session_person ON session (person, network, used_at);
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE program_key (
	id BIGINT PRIMARY KEY,
	hash BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
	hint TEXT COLLATE "C" NOT NULL, -- the last characters of the key, by which its owner knows it
	name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
	owner BIGINT NOT NULL REFERENCES person (id),
	role BIGINT NOT NULL, -- may be gone once the key has ended
	networks TEXT COLLATE "C" NOT NULL, -- JSON array of prefixes; []: from anywhere
	created_at BIGINT NOT NULL,
	created_by BIGINT NOT NULL,
	ends_at BIGINT,
	used_at BIGINT,
	used_from TEXT COLLATE "C",
	ended_at BIGINT,
	ended_why TEXT COLLATE "C" CHECK ((ended_why IS NULL) = (ended_at IS NULL))
);
CREATE INDEX program_key_owner ON program_key (owner);
CREATE INDEX program_key_role ON program_key (role);

-- One-time links: to set the workspace up (no person), to be invited, to set a
-- new password. A row is deleted when it is used.
CREATE TABLE one_time_link (
	hash BYTEA PRIMARY KEY CHECK (length(hash) = 32),
	purpose TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('setup', 'invite', 'reset')),
	person BIGINT REFERENCES person (id),
	created_at BIGINT NOT NULL,
	ends_at BIGINT,
	CHECK ((purpose = 'setup') = (person IS NULL))
);
CREATE INDEX one_time_link_person ON one_time_link (person);
