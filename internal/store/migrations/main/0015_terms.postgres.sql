-- On what terms people are let in.

-- subject is the role or the person, 0 for the workspace; terms is a
-- policy.Terms in words, as JSON.
CREATE TABLE terms (
	scope TEXT COLLATE "C" NOT NULL CHECK (scope IN ('workspace', 'role', 'person')),
	subject BIGINT NOT NULL CHECK ((subject = 0) = (scope = 'workspace')),
	version BIGINT NOT NULL,
	terms TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (scope, subject)
);
