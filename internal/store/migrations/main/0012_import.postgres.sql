-- Imports: the file that somebody brought, sealed and in pieces, what was decided about it, and how
-- far it has come. done counts lines that are dealt with for good, in the transaction that did it.
CREATE TABLE import (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	made_at BIGINT NOT NULL,
	person BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	size BIGINT NOT NULL,
	hash BYTEA NOT NULL CHECK (length(hash) = 32),
	settings TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL CHECK (state IN ('arriving', 'ready', 'running', 'done', 'failed', 'undoing', 'undone')),
	line BIGINT NOT NULL,
	total BIGINT NOT NULL,
	created BIGINT NOT NULL,
	updated BIGINT NOT NULL,
	skipped BIGINT NOT NULL,
	refused BIGINT NOT NULL,
	operation BIGINT NOT NULL,
	company_operation BIGINT NOT NULL,
	problem TEXT COLLATE "C",
	finished_at BIGINT
);
CREATE INDEX import_person ON import (person, id);
CREATE INDEX import_state ON import (state) WHERE state IN ('running', 'undoing');

CREATE TABLE import_piece (
	import BIGINT NOT NULL REFERENCES import (id) ON DELETE CASCADE,
	place BIGINT NOT NULL,
	data BYTEA NOT NULL,
	PRIMARY KEY (import, place)
);

-- Rows that were refused, or of which a value could not be taken over: sealed.
CREATE TABLE import_refused (
	import BIGINT NOT NULL REFERENCES import (id) ON DELETE CASCADE,
	line BIGINT NOT NULL,
	refused BIGINT NOT NULL,
	data BYTEA NOT NULL,
	PRIMARY KEY (import, line)
);

-- Which record a line became, by a keyed hash of what the line says: a file that
-- is brought again doubles nothing.
CREATE TABLE import_line (
	hash BYTEA PRIMARY KEY CHECK (length(hash) = 32),
	import BIGINT NOT NULL,
	record BIGINT NOT NULL
);
CREATE INDEX import_line_import ON import_line (import);
