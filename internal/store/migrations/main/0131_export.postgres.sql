-- Files that leave: who asked for which, how it stands, and the file itself, sealed and in pieces. decided holds what was
-- asked for, sealed; run counts how often the making was begun, so that a worker who was given up writes nothing more. What
-- approves an export before it is made has its state already.
CREATE TABLE export (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	asked_at BIGINT NOT NULL,
	actor_kind BIGINT NOT NULL,
	person BIGINT NOT NULL,
	program_key BIGINT NOT NULL,
	role BIGINT NOT NULL,
	session BIGINT NOT NULL,
	address TEXT COLLATE "C" NOT NULL,
	device TEXT COLLATE "C" NOT NULL,
	language TEXT COLLATE "C" NOT NULL,
	kind BIGINT NOT NULL,
	format TEXT COLLATE "C" NOT NULL,
	decided BYTEA NOT NULL,
	state TEXT COLLATE "C" NOT NULL CHECK (state IN ('asked', 'approved', 'making', 'made', 'taken', 'refused', 'ended', 'expired')),
	why TEXT COLLATE "C",
	run BIGINT NOT NULL,
	expected BIGINT NOT NULL,
	records BIGINT NOT NULL,
	size BIGINT NOT NULL,
	hash BYTEA CHECK (length(hash) = 32),
	made_at BIGINT,
	taken_at BIGINT,
	ends_at BIGINT,
	ended_at BIGINT,
	cleared_at BIGINT,
	CHECK (state NOT IN ('made', 'taken') OR hash IS NOT NULL AND made_at IS NOT NULL),
	CHECK (state <> 'taken' OR taken_at IS NOT NULL),
	CHECK (state NOT IN ('refused', 'ended', 'expired') OR ended_at IS NOT NULL)
);
CREATE INDEX export_person ON export (person, id);
CREATE INDEX export_state ON export (state, ends_at) WHERE state IN ('asked', 'approved', 'making', 'made');

-- Pieces from zero upwards are the file, in its order. Those below are the ids of the records in it, from -1 downwards.
CREATE TABLE export_piece (
	export BIGINT NOT NULL REFERENCES export (id) ON DELETE CASCADE,
	place BIGINT NOT NULL,
	data BYTEA NOT NULL,
	PRIMARY KEY (export, place)
);
