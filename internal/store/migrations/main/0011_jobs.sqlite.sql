-- Work to be done later, again, or regularly.
--
--   waiting → running → done (the row is deleted)
--      ↑         │
--      └─────────┴──→ given_up (after the last attempt)
--
-- A running job belongs to whoever holds the lease; when due_at has passed, the
-- lease is over and the next one may take it.
CREATE TABLE job (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	args TEXT NOT NULL, -- JSON: ids only, never a client's data
	single TEXT, -- at most one unfinished job with this mark exists
	state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'given_up')),
	due_at INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	attempts INTEGER NOT NULL CHECK (attempts > 0),
	lease BLOB CHECK ((lease IS NOT NULL) = (state = 'running')),
	error TEXT, -- what went wrong last, for the operator
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX job_due ON job (due_at, id) WHERE state <> 'given_up';
CREATE UNIQUE INDEX job_single ON job (single) WHERE single IS NOT NULL AND state <> 'given_up';

-- When each regular job is due next.
CREATE TABLE schedule (
	name TEXT PRIMARY KEY,
	next_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
