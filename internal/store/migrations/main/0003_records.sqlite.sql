-- What every kind of record has in common: who reaches it, its values by which
-- it is found, its past. Kinds are named by their number, principals as
-- schema.Principal is built.

-- Derived from the responsible person and share, in the same transaction:
-- one row for each principal of each record that is not in the bin. A list
-- under rights is a walk over these in the order of the page.
CREATE TABLE access (
	principal  INTEGER NOT NULL,
	kind       INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	record     INTEGER NOT NULL,
	PRIMARY KEY (principal, kind, updated_at, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_name (
	principal INTEGER NOT NULL,
	kind      INTEGER NOT NULL,
	name_key  TEXT    NOT NULL,
	record    INTEGER NOT NULL,
	PRIMARY KEY (principal, kind, name_key, record)
) STRICT, WITHOUT ROWID;

-- With whom a record is shared besides its responsible person. level is 1 to
-- view and 2 to edit; ends_at is NULL for as long as it is not taken back.
CREATE TABLE share (
	kind      INTEGER NOT NULL,
	record    INTEGER NOT NULL,
	principal INTEGER NOT NULL,
	level     INTEGER NOT NULL CHECK (level IN (1, 2)),
	ends_at   INTEGER,
	made_by   INTEGER NOT NULL,
	made_at   INTEGER NOT NULL,
	PRIMARY KEY (kind, record, principal)
) STRICT, WITHOUT ROWID;
CREATE INDEX share_principal ON share (principal, kind, record);
CREATE INDEX share_ends ON share (ends_at) WHERE ends_at IS NOT NULL;

-- A row for each value of a field that holds several (phones, tags).
CREATE TABLE multi (
	kind   INTEGER NOT NULL,
	field  TEXT    NOT NULL,
	"key"  TEXT    NOT NULL,
	record INTEGER NOT NULL,
	PRIMARY KEY (kind, field, "key", record)
) STRICT, WITHOUT ROWID;
CREATE INDEX multi_record ON multi (kind, record);

-- The state of a record before it became the version beside it.
CREATE TABLE history (
	kind       INTEGER NOT NULL,
	record     INTEGER NOT NULL,
	version    INTEGER NOT NULL,
	at         INTEGER NOT NULL,
	actor_kind INTEGER NOT NULL,
	actor      INTEGER NOT NULL,
	state      BLOB    NOT NULL,
	PRIMARY KEY (kind, record, version)
) STRICT, WITHOUT ROWID;

-- Work on many records at once, so that it can be undone as a whole.
CREATE TABLE operation (
	id         INTEGER NOT NULL PRIMARY KEY,
	at         INTEGER NOT NULL,
	actor_kind INTEGER NOT NULL,
	actor      INTEGER NOT NULL,
	kind       INTEGER NOT NULL,
	what       TEXT    NOT NULL,
	undone_at  INTEGER
) STRICT;

CREATE TABLE operation_item (
	operation INTEGER NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
	record    INTEGER NOT NULL,
	before    INTEGER NOT NULL, -- the version that the work found; 0: it made the record
	version   INTEGER NOT NULL, -- the version that it left
	PRIMARY KEY (operation, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
	name TEXT    NOT NULL PRIMARY KEY,
	n    INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;
