-- Files that leave: who asked for which, how it stands, and the file itself, sealed and in pieces. decided holds what was
-- asked for, sealed; run counts how often the making was begun, so that a worker who was given up writes nothing more. What
-- approves an export before it is made has its state already.
CREATE TABLE export (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	asked_at INTEGER NOT NULL,
	actor_kind INTEGER NOT NULL,
	person INTEGER NOT NULL,
	program_key INTEGER NOT NULL,
	role INTEGER NOT NULL,
	session INTEGER NOT NULL,
	address TEXT NOT NULL,
	device TEXT NOT NULL,
	language TEXT NOT NULL,
	kind INTEGER NOT NULL,
	format TEXT NOT NULL,
	decided BLOB NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'making', 'made', 'taken', 'refused', 'ended', 'expired')),
	why TEXT,
	run INTEGER NOT NULL,
	expected INTEGER NOT NULL,
	records INTEGER NOT NULL,
	size INTEGER NOT NULL,
	hash BLOB CHECK (length(hash) = 32),
	made_at INTEGER,
	taken_at INTEGER,
	ends_at INTEGER,
	ended_at INTEGER,
	cleared_at INTEGER,
	CHECK (state NOT IN ('made', 'taken') OR hash IS NOT NULL AND made_at IS NOT NULL),
	CHECK (state <> 'taken' OR taken_at IS NOT NULL),
	CHECK (state NOT IN ('refused', 'ended', 'expired') OR ended_at IS NOT NULL)
) STRICT;
CREATE INDEX export_person ON export (person, id);
CREATE INDEX export_state ON export (state, ends_at) WHERE state IN ('asked', 'approved', 'making', 'made');

-- Pieces from zero upwards are the file, in its order. Those below are the ids of the records in it, from -1 downwards.
CREATE TABLE export_piece (
	export INTEGER NOT NULL REFERENCES export (id) ON DELETE CASCADE,
	place INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (export, place)
) STRICT, WITHOUT ROWID;
