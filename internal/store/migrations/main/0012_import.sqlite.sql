-- Imports: the file that somebody brought, sealed and in pieces, what was decided about it, and how
-- far it has come. done counts lines that are dealt with for good, in the transaction that did it.
CREATE TABLE import (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	made_at INTEGER NOT NULL,
	person INTEGER NOT NULL,
	name TEXT NOT NULL,
	size INTEGER NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	settings TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('arriving', 'ready', 'running', 'done', 'failed', 'undoing', 'undone')),
	line INTEGER NOT NULL,
	total INTEGER NOT NULL,
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	skipped INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	operation INTEGER NOT NULL,
	company_operation INTEGER NOT NULL,
	problem TEXT,
	finished_at INTEGER
) STRICT;
CREATE INDEX import_person ON import (person, id);
CREATE INDEX import_state ON import (state) WHERE state IN ('running', 'undoing');

CREATE TABLE import_piece (
	import INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
	place INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (import, place)
) STRICT, WITHOUT ROWID;

-- Rows that were refused, or of which a value could not be taken over: sealed.
CREATE TABLE import_refused (
	import INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
	line INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (import, line)
) STRICT, WITHOUT ROWID;

-- Which record a line became, by a keyed hash of what the line says: a file that
-- is brought again doubles nothing.
CREATE TABLE import_line (
	hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
	import INTEGER NOT NULL,
	record INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX import_line_import ON import_line (import);
