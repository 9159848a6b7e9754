-- Two records that were made one: which stayed and which went to the bin, so that it is undone in one step. The work
-- is an operation; shared names the principals that the merge added to the record that stays, as JSON.
CREATE TABLE merge (
	operation INTEGER NOT NULL PRIMARY KEY REFERENCES operation (id) ON DELETE CASCADE,
	stays     INTEGER NOT NULL,
	goes      INTEGER NOT NULL,
	before    INTEGER NOT NULL, -- the version of the one that stays as the merge found it
	after     INTEGER NOT NULL, -- the version that the merge left
	gone      INTEGER NOT NULL, -- the version of the other one in the bin
	shared    TEXT    NOT NULL
) STRICT;

-- What led to the record that went, and leads to the one that stays since.
CREATE TABLE merge_link (
	operation INTEGER NOT NULL REFERENCES merge (operation) ON DELETE CASCADE,
	kind      INTEGER NOT NULL,
	record    INTEGER NOT NULL,
	field     TEXT    NOT NULL,
	PRIMARY KEY (operation, kind, record, field)
) STRICT, WITHOUT ROWID;
