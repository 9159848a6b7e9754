-- Stored letters. audience is as for saved_view. A text holds names of fields in braces, never what they hold.
CREATE TABLE letter_template (
	id         BIGINT NOT NULL PRIMARY KEY,
	version    BIGINT NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	subject    TEXT COLLATE "C" NOT NULL,
	body       TEXT COLLATE "C" NOT NULL,
	owner      BIGINT NOT NULL REFERENCES person (id),
	audience   TEXT COLLATE "C" NOT NULL CHECK (audience IN ('private', 'everyone', 'group')),
	workgroup  BIGINT REFERENCES workgroup (id) ON DELETE SET NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX letter_template_owner ON letter_template (owner);
CREATE INDEX letter_template_workgroup ON letter_template (workgroup) WHERE workgroup IS NOT NULL;
