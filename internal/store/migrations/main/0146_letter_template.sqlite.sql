-- Stored letters. audience is as for saved_view. A text holds names of fields in braces, never what they hold.
CREATE TABLE letter_template (
	id         INTEGER NOT NULL PRIMARY KEY,
	version    INTEGER NOT NULL,
	name       TEXT    NOT NULL,
	subject    TEXT    NOT NULL,
	body       TEXT    NOT NULL,
	owner      INTEGER NOT NULL REFERENCES person (id),
	audience   TEXT    NOT NULL CHECK (audience IN ('private', 'everyone', 'group')),
	workgroup  INTEGER REFERENCES workgroup (id) ON DELETE SET NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX letter_template_owner ON letter_template (owner);
CREATE INDEX letter_template_workgroup ON letter_template (workgroup) WHERE workgroup IS NOT NULL;
