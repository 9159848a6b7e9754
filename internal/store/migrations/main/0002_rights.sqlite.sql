-- Roles, groups and whoever is in them, personal differences, guard rails.

-- rights is a policy.Role as JSON, without id and name.
CREATE TABLE role (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL CHECK (name <> ''),
	name_key TEXT NOT NULL UNIQUE,
	built TEXT NOT NULL, -- the key of a ready role, or empty
	rights TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX role_built ON role (built) WHERE built <> '';

CREATE TABLE workgroup (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL CHECK (name <> ''),
	name_key TEXT NOT NULL UNIQUE
) STRICT;

-- role is the one held in that group; NULL: a plain member.
CREATE TABLE membership (
	workgroup INTEGER NOT NULL REFERENCES workgroup (id),
	person INTEGER NOT NULL REFERENCES person (id),
	role INTEGER REFERENCES role (id),
	PRIMARY KEY (workgroup, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_person ON membership (person);
CREATE INDEX membership_role ON membership (role) WHERE role IS NOT NULL;

-- rights is a list of policy.Difference as JSON.
CREATE TABLE difference (
	person INTEGER PRIMARY KEY REFERENCES person (id),
	version INTEGER NOT NULL,
	rights TEXT NOT NULL
) STRICT;

-- rights is the policy.Rails as JSON; one row.
CREATE TABLE rails (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	version INTEGER NOT NULL,
	rights TEXT NOT NULL
) STRICT;
