-- On what terms people are let in.

-- subject is the role or the person, 0 for the workspace; terms is a
-- policy.Terms in words, as JSON.
CREATE TABLE terms (
	scope TEXT NOT NULL CHECK (scope IN ('workspace', 'role', 'person')),
	subject INTEGER NOT NULL CHECK ((subject = 0) = (scope = 'workspace')),
	version INTEGER NOT NULL,
	terms TEXT NOT NULL,
	PRIMARY KEY (scope, subject)
) STRICT, WITHOUT ROWID;
