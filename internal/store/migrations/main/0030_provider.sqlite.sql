-- Providers by which people sign in, who is linked to whom there, and what is known of keys.

-- A provider of OpenID Connect. Its issuer never changes: whoever is linked is
-- linked to what this issuer says of them. secret is sealed by the vault.
CREATE TABLE provider (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL CHECK (name <> ''),
	name_key TEXT NOT NULL UNIQUE,
	issuer TEXT NOT NULL CHECK (issuer <> ''),
	client TEXT NOT NULL CHECK (client <> ''),
	secret BLOB, -- NULL: the provider asks for none
	domains TEXT NOT NULL, -- JSON array of mail domains that are the firm's own
	attaches INTEGER NOT NULL CHECK (attaches IN (0, 1)), -- whom a verified mail address of these domains lets into an account that there is
	newcomers INTEGER, -- the role of people who come the first time; NULL: only people who have an account
	claim TEXT NOT NULL, -- the claim that names groups; '': none is read
	roles TEXT NOT NULL, -- JSON array of {group, role} for newcomers
	factor INTEGER NOT NULL CHECK (factor IN (0, 1)), -- what it says of second factors is believed
	active INTEGER NOT NULL CHECK (active IN (0, 1)),
	set_by INTEGER NOT NULL REFERENCES person (id), -- by whose rights it lets people in
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;

-- A person whom a provider knows by a subject. A provider knows a person once.
CREATE TABLE tie (
	provider INTEGER NOT NULL REFERENCES provider (id),
	subject TEXT NOT NULL CHECK (subject <> ''),
	person INTEGER NOT NULL REFERENCES person (id),
	shown TEXT NOT NULL, -- what the provider calls them, for their own eyes
	how TEXT NOT NULL CHECK (how IN ('self', 'expected', 'domain', 'newcomer')),
	made_at INTEGER NOT NULL,
	used_at INTEGER,
	PRIMARY KEY (provider, subject),
	UNIQUE (provider, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX tie_person ON tie (person);

-- Somebody whose first sign-in at a provider is awaited, with their own verified
-- mail address.
CREATE TABLE expected (
	provider INTEGER NOT NULL REFERENCES provider (id),
	person INTEGER NOT NULL REFERENCES person (id),
	made_by INTEGER NOT NULL REFERENCES person (id),
	made_at INTEGER NOT NULL,
	PRIMARY KEY (provider, person)
) STRICT, WITHOUT ROWID;

-- By which provider a session began. A second factor that a provider has asked
-- for may count here, too: the columns that say so make place for the word.
ALTER TABLE session ADD COLUMN provider INTEGER;
ALTER TABLE session ADD COLUMN proof TEXT CHECK (proof IN ('totp', 'passkey', 'recovery', 'provider'));
ALTER TABLE session ADD COLUMN proof_at INTEGER CHECK ((proof IS NULL) = (proof_at IS NULL));
UPDATE session SET proof = factor, proof_at = factor_at;
ALTER TABLE session DROP COLUMN factor_at;
ALTER TABLE session DROP COLUMN factor;
ALTER TABLE session RENAME COLUMN proof TO factor;
ALTER TABLE session RENAME COLUMN proof_at TO factor_at;

-- A key is changed under its version, and tells of tries that were refused: it
-- may have leaked.
ALTER TABLE program_key ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE program_key ADD COLUMN refused_at INTEGER;
ALTER TABLE program_key ADD COLUMN refused_from TEXT;
ALTER TABLE program_key ADD COLUMN refused_why TEXT CHECK ((refused_why IS NULL) = (refused_at IS NULL));
