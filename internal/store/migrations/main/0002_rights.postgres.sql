-- Roles, groups and whoever is in them, personal differences, guard rails.

-- rights is a policy.Role as JSON, without id and name.
CREATE TABLE role (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
	name_key TEXT COLLATE "C" NOT NULL UNIQUE,
	built TEXT COLLATE "C" NOT NULL, -- the key of a ready role, or empty
	rights TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX role_built ON role (built) WHERE built <> '';
ALTER TABLE person ADD FOREIGN KEY (role) REFERENCES role (id);

CREATE TABLE workgroup (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
	name_key TEXT COLLATE "C" NOT NULL UNIQUE
);

-- role is the one held in that group; NULL: a plain member.
CREATE TABLE membership (
	workgroup BIGINT NOT NULL REFERENCES workgroup (id),
	person BIGINT NOT NULL REFERENCES person (id),
	role BIGINT REFERENCES role (id),
	PRIMARY KEY (workgroup, person)
);
CREATE INDEX membership_person ON membership (person);
CREATE INDEX membership_role ON membership (role) WHERE role IS NOT NULL;

-- rights is a list of policy.Difference as JSON.
CREATE TABLE difference (
	person BIGINT PRIMARY KEY REFERENCES person (id),
	version BIGINT NOT NULL,
	rights TEXT COLLATE "C" NOT NULL
);

-- rights is the policy.Rails as JSON; one row.
CREATE TABLE rails (
	id BIGINT PRIMARY KEY CHECK (id = 1),
	version BIGINT NOT NULL,
	rights TEXT COLLATE "C" NOT NULL
);
