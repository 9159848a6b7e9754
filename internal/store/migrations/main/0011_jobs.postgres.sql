-- Work to be done later, again, or regularly.
--
--   waiting → running → done (the row is deleted)
--      ↑         │
--      └─────────┴──→ given_up (after the last attempt)
--
-- A running job belongs to whoever holds the lease; when due_at has passed, the
-- lease is over and the next one may take it.
CREATE TABLE job (
	id BIGINT PRIMARY KEY,
	kind TEXT COLLATE "C" NOT NULL,
	args TEXT COLLATE "C" NOT NULL, -- JSON: ids only, never a client's data
	single TEXT COLLATE "C", -- at most one unfinished job with this mark exists
	state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'running', 'given_up')),
	due_at BIGINT NOT NULL,
	attempt BIGINT NOT NULL,
	attempts BIGINT NOT NULL CHECK (attempts > 0),
	lease BYTEA CHECK ((lease IS NOT NULL) = (state = 'running')),
	error TEXT COLLATE "C", -- what went wrong last, for the operator
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX job_due ON job (due_at, id) WHERE state <> 'given_up';
CREATE UNIQUE INDEX job_single ON job (single) WHERE single IS NOT NULL AND state <> 'given_up';

-- When each regular job is due next.
CREATE TABLE schedule (
	name TEXT COLLATE "C" PRIMARY KEY,
	next_at BIGINT NOT NULL
);
