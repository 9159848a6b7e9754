-- The tasks that a post-sale process begins with, after a win in which pipelines it starts by itself, and with whose rights.
ALTER TABLE pipeline ADD COLUMN steps TEXT NOT NULL DEFAULT '[]';
ALTER TABLE pipeline ADD COLUMN starts_after TEXT NOT NULL DEFAULT '[]';
ALTER TABLE pipeline ADD COLUMN author INTEGER;

-- Which processes a won deal has started by itself: each one once.
CREATE TABLE process_start (
	deal INTEGER NOT NULL,
	pipeline INTEGER NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (deal, pipeline)
) STRICT, WITHOUT ROWID;
