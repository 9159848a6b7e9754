-- Work on more records than anybody waits for: a job does it. settings holds what is done, as JSON, until it is done;
-- bulk_todo the records that are left.
CREATE TABLE bulk_work (
	operation   INTEGER NOT NULL PRIMARY KEY REFERENCES operation (id) ON DELETE CASCADE,
	made_by     INTEGER NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('running', 'done', 'failed')),
	settings    TEXT    NOT NULL,
	total       INTEGER NOT NULL,
	done        INTEGER NOT NULL,
	refused     INTEGER NOT NULL,
	finished_at INTEGER
) STRICT;

CREATE TABLE bulk_todo (
	operation INTEGER NOT NULL REFERENCES bulk_work (operation) ON DELETE CASCADE,
	record    INTEGER NOT NULL,
	PRIMARY KEY (operation, record)
) STRICT, WITHOUT ROWID;
