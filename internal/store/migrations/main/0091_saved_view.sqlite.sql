-- How somebody looks at a list: which columns, in what order, by what filter. audience says who else sees it; a view that
-- was for a group which is no more is its owner's alone. settings is JSON; the filter in it names fields and values as
-- people typed them, so that it is shown to those alone who may filter so themselves.
CREATE TABLE saved_view (
	id         INTEGER NOT NULL PRIMARY KEY,
	version    INTEGER NOT NULL,
	kind       INTEGER NOT NULL,
	name       TEXT    NOT NULL,
	owner      INTEGER NOT NULL REFERENCES person (id),
	audience   TEXT    NOT NULL CHECK (audience IN ('private', 'everyone', 'group')),
	workgroup  INTEGER REFERENCES workgroup (id) ON DELETE SET NULL,
	settings   TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX saved_view_kind ON saved_view (kind, audience, owner);
CREATE INDEX saved_view_workgroup ON saved_view (workgroup) WHERE workgroup IS NOT NULL;
