-- Second factors, and what a session knows of them.

-- How one came in may now also be by a passkey alone, or by somebody else's word
-- (a provider of identities).
ALTER TABLE session DROP CONSTRAINT session_how_check;
ALTER TABLE session ADD CONSTRAINT session_how_check CHECK (how IN ('password', 'link', 'setup', 'passkey', 'provider'));
ALTER TABLE session ADD COLUMN half BIGINT NOT NULL DEFAULT 0 CHECK (half IN (0, 1)); -- 1: began with a second factor outstanding, and waits for it
ALTER TABLE session ADD COLUMN proved_at BIGINT; -- when its person last proved in it who they are
UPDATE session SET proved_at = created_at;
ALTER TABLE session ALTER COLUMN proved_at SET NOT NULL;
ALTER TABLE session ADD COLUMN factor TEXT COLLATE "C" CHECK (factor IN ('totp', 'passkey', 'recovery')); -- by which factor, if by one
ALTER TABLE session ADD COLUMN factor_at BIGINT CHECK ((factor IS NULL) = (factor_at IS NULL));

-- secret is sealed for this row: the secret of an authenticator app, or the
-- record of a passkey, whose credential is found by the hash of its id. step is
-- the last one whose code was taken: none is taken twice.
CREATE TABLE factor (
	id BIGINT PRIMARY KEY,
	person BIGINT NOT NULL REFERENCES person (id),
	kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('totp', 'passkey')),
	name TEXT COLLATE "C" NOT NULL,
	secret BYTEA NOT NULL,
	credential BYTEA UNIQUE CHECK ((kind = 'passkey') = (credential IS NOT NULL)),
	step BIGINT CHECK ((kind = 'totp') = (step IS NOT NULL)),
	created_at BIGINT NOT NULL,
	used_at BIGINT
);
CREATE INDEX factor_person ON factor (person);
CREATE UNIQUE INDEX factor_totp ON factor (person) WHERE kind = 'totp';

-- hash is a keyed one, which without the keys of the workspace nobody can make.
CREATE TABLE recovery_code (
	hash BYTEA PRIMARY KEY CHECK (length(hash) = 32),
	person BIGINT NOT NULL REFERENCES person (id),
	created_at BIGINT NOT NULL,
	used_at BIGINT
);
CREATE INDEX recovery_code_person ON recovery_code (person);

-- Wrong tries in a row to prove a factor, of a person and wherever they come from.
CREATE TABLE factor_try (
	person BIGINT PRIMARY KEY REFERENCES person (id),
	count BIGINT NOT NULL,
	last_at BIGINT NOT NULL
);

-- Challenges that were answered: each is good once.
CREATE TABLE spent_challenge (
	hash BYTEA PRIMARY KEY CHECK (length(hash) = 32),
	ends_at BIGINT NOT NULL
);
