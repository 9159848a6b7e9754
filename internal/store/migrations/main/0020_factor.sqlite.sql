-- Second factors, and what a session knows of them.

-- How one came in may now also be by a passkey alone, or by somebody else's word
-- (a provider of identities). SQLite widens no constraint of a table that is there.
CREATE TABLE session_next (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	person INTEGER NOT NULL REFERENCES person (id),
	how TEXT NOT NULL CHECK (how IN ('password', 'link', 'setup', 'passkey', 'provider')),
	address TEXT NOT NULL,
	network TEXT NOT NULL,
	device TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	used_at INTEGER NOT NULL,
	used_from TEXT NOT NULL,
	ended_at INTEGER,
	half INTEGER NOT NULL DEFAULT 0 CHECK (half IN (0, 1)), -- 1: began with a second factor outstanding, and waits for it
	proved_at INTEGER NOT NULL, -- when its person last proved in it who they are
	factor TEXT CHECK (factor IN ('totp', 'passkey', 'recovery')), -- by which factor, if by one
	factor_at INTEGER CHECK ((factor IS NULL) = (factor_at IS NULL)),
	ended_why TEXT CHECK ((ended_why IS NULL) = (ended_at IS NULL))
) STRICT;
INSERT INTO session_next (id, hash, person, how, address, network, device, created_at, used_at, used_from, ended_at, proved_at, ended_why)
	SELECT id, hash, person, how, address, network, device, created_at, used_at, used_from, ended_at, created_at, ended_why FROM session;
DROP TABLE session;
ALTER TABLE session_next RENAME TO session;
CREATE INDEX session_person ON session (person, network, used_at);
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

-- secret is sealed for this row: the secret of an authenticator app, or the
-- record of a passkey, whose credential is found by the hash of its id. step is
-- the last one whose code was taken: none is taken twice.
CREATE TABLE factor (
	id INTEGER PRIMARY KEY,
	person INTEGER NOT NULL REFERENCES person (id),
	kind TEXT NOT NULL CHECK (kind IN ('totp', 'passkey')),
	name TEXT NOT NULL,
	secret BLOB NOT NULL,
	credential BLOB UNIQUE CHECK ((kind = 'passkey') = (credential IS NOT NULL)),
	step INTEGER CHECK ((kind = 'totp') = (step IS NOT NULL)),
	created_at INTEGER NOT NULL,
	used_at INTEGER
) STRICT;
CREATE INDEX factor_person ON factor (person);
CREATE UNIQUE INDEX factor_totp ON factor (person) WHERE kind = 'totp';

-- hash is a keyed one, which without the keys of the workspace nobody can make.
CREATE TABLE recovery_code (
	hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
	person INTEGER NOT NULL REFERENCES person (id),
	created_at INTEGER NOT NULL,
	used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_code_person ON recovery_code (person);

-- Wrong tries in a row to prove a factor, of a person and wherever they come from.
CREATE TABLE factor_try (
	person INTEGER PRIMARY KEY REFERENCES person (id),
	count INTEGER NOT NULL,
	last_at INTEGER NOT NULL
) STRICT;

-- Challenges that were answered: each is good once.
CREATE TABLE spent_challenge (
	hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
	ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
