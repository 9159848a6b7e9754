-- Providers by which people sign in, who is linked to whom there, and what is known of keys.

-- A provider of OpenID Connect. Its issuer never changes: whoever is linked is
-- linked to what this issuer says of them. secret is sealed by the vault.
CREATE TABLE provider (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
	name_key TEXT COLLATE "C" NOT NULL UNIQUE,
	issuer TEXT COLLATE "C" NOT NULL CHECK (issuer <> ''),
	client TEXT COLLATE "C" NOT NULL CHECK (client <> ''),
	secret BYTEA, -- NULL: the provider asks for none
	domains TEXT COLLATE "C" NOT NULL, -- JSON array of mail domains that are the firm's own
	attaches BIGINT NOT NULL CHECK (attaches IN (0, 1)), -- whom a verified mail address of these domains lets into an account that there is
	newcomers BIGINT, -- the role of people who come the first time; NULL: only people who have an account
	claim TEXT COLLATE "C" NOT NULL, -- the claim that names groups; '': none is read
	roles TEXT COLLATE "C" NOT NULL, -- JSON array of {group, role} for newcomers
	factor BIGINT NOT NULL CHECK (factor IN (0, 1)), -- what it says of second factors is believed
	active BIGINT NOT NULL CHECK (active IN (0, 1)),
	set_by BIGINT NOT NULL REFERENCES person (id), -- by whose rights it lets people in
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);

-- A person whom a provider knows by a subject. A provider knows a person once.
CREATE TABLE tie (
	provider BIGINT NOT NULL REFERENCES provider (id),
	subject TEXT COLLATE "C" NOT NULL CHECK (subject <> ''),
	person BIGINT NOT NULL REFERENCES person (id),
	shown TEXT COLLATE "C" NOT NULL, -- what the provider calls them, for their own eyes
	how TEXT COLLATE "C" NOT NULL CHECK (how IN ('self', 'expected', 'domain', 'newcomer')),
	made_at BIGINT NOT NULL,
	used_at BIGINT,
	PRIMARY KEY (provider, subject),
	UNIQUE (provider, person)
);
CREATE INDEX tie_person ON tie (person);

-- Somebody whose first sign-in at a provider is awaited, with their own verified
-- mail address.
CREATE TABLE expected (
	provider BIGINT NOT NULL REFERENCES provider (id),
	person BIGINT NOT NULL REFERENCES person (id),
	made_by BIGINT NOT NULL REFERENCES person (id),
	made_at BIGINT NOT NULL,
	PRIMARY KEY (provider, person)
);

-- By which provider a session began. A second factor that a provider has asked
-- for may count here, too: the columns that say so make place for the word.
ALTER TABLE session ADD COLUMN provider BIGINT;
ALTER TABLE session ADD COLUMN proof TEXT COLLATE "C" CHECK (proof IN ('totp', 'passkey', 'recovery', 'provider'));
ALTER TABLE session ADD COLUMN proof_at BIGINT CHECK ((proof IS NULL) = (proof_at IS NULL));
UPDATE session SET proof = factor, proof_at = factor_at;
ALTER TABLE session DROP COLUMN factor_at;
ALTER TABLE session DROP COLUMN factor;
ALTER TABLE session RENAME COLUMN proof TO factor;
ALTER TABLE session RENAME COLUMN proof_at TO factor_at;

-- A key is changed under its version, and tells of tries that were refused: it
-- may have leaked.
ALTER TABLE program_key ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE program_key ADD COLUMN refused_at BIGINT;
ALTER TABLE program_key ADD COLUMN refused_from TEXT COLLATE "C";
ALTER TABLE program_key ADD COLUMN refused_why TEXT COLLATE "C" CHECK ((refused_why IS NULL) = (refused_at IS NULL));
