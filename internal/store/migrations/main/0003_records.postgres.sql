-- What every kind of record has in common: who reaches it, its values by which
-- it is found, its past. Kinds are named by their number, principals as
-- schema.Principal is built.

-- Derived from the responsible person and share, in the same transaction:
-- one row for each principal of each record that is not in the bin. A list
-- under rights is a walk over these in the order of the page.
CREATE TABLE access (
	principal  BIGINT NOT NULL,
	kind       BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	record     BIGINT NOT NULL,
	PRIMARY KEY (principal, kind, updated_at, record)
);

CREATE TABLE access_name (
	principal BIGINT NOT NULL,
	kind      BIGINT NOT NULL,
	name_key  TEXT COLLATE "C" NOT NULL,
	record    BIGINT NOT NULL,
	PRIMARY KEY (principal, kind, name_key, record)
);

-- With whom a record is shared besides its responsible person. level is 1 to
-- view and 2 to edit; ends_at is NULL for as long as it is not taken back.
CREATE TABLE share (
	kind      BIGINT NOT NULL,
	record    BIGINT NOT NULL,
	principal BIGINT NOT NULL,
	level     BIGINT NOT NULL CHECK (level IN (1, 2)),
	ends_at   BIGINT,
	made_by   BIGINT NOT NULL,
	made_at   BIGINT NOT NULL,
	PRIMARY KEY (kind, record, principal)
);
CREATE INDEX share_principal ON share (principal, kind, record);
CREATE INDEX share_ends ON share (ends_at) WHERE ends_at IS NOT NULL;

-- A row for each value of a field that holds several (phones, tags).
CREATE TABLE multi (
	kind   BIGINT NOT NULL,
	field  TEXT COLLATE "C" NOT NULL,
	"key"  TEXT COLLATE "C" NOT NULL,
	record BIGINT NOT NULL,
	PRIMARY KEY (kind, field, "key", record)
);
CREATE INDEX multi_record ON multi (kind, record);

-- The state of a record before it became the version beside it.
CREATE TABLE history (
	kind       BIGINT NOT NULL,
	record     BIGINT NOT NULL,
	version    BIGINT NOT NULL,
	at         BIGINT NOT NULL,
	actor_kind BIGINT NOT NULL,
	actor      BIGINT NOT NULL,
	state      BYTEA   NOT NULL,
	PRIMARY KEY (kind, record, version)
);

-- Work on many records at once, so that it can be undone as a whole.
CREATE TABLE operation (
	id         BIGINT NOT NULL PRIMARY KEY,
	at         BIGINT NOT NULL,
	actor_kind BIGINT NOT NULL,
	actor      BIGINT NOT NULL,
	kind       BIGINT NOT NULL,
	what       TEXT COLLATE "C" NOT NULL,
	undone_at  BIGINT
);

CREATE TABLE operation_item (
	operation BIGINT NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
	record    BIGINT NOT NULL,
	before    BIGINT NOT NULL, -- the version that the work found; 0: it made the record
	version   BIGINT NOT NULL, -- the version that it left
	PRIMARY KEY (operation, record)
);

CREATE TABLE counter (
	name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	n    BIGINT NOT NULL
);

CREATE TABLE setting (
	name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	value TEXT COLLATE "C" NOT NULL
);
