-- The ledger: entries in their order, the tree over them, the signed heads.
-- Entries are never changed or deleted; their details can be erased by law.
CREATE TABLE ledger (
	seq INTEGER PRIMARY KEY,
	src INTEGER,
	ts INTEGER NOT NULL,
	actor_kind INTEGER NOT NULL,
	actor INTEGER NOT NULL,
	event TEXT NOT NULL,
	entry BLOB NOT NULL,
	leaf BLOB NOT NULL CHECK (length(leaf) = 32)
) STRICT;
-- No row of the outbox is taken twice, whatever the head may say.
CREATE UNIQUE INDEX ledger_src ON ledger (src) WHERE src IS NOT NULL;
-- The event at the end spares a look at the entry when both are asked for.
CREATE INDEX ledger_actor ON ledger (actor_kind, actor, seq, event);
CREATE INDEX ledger_event ON ledger (event, seq);

-- Values before and after, with the salt that binds them to their entry.
CREATE TABLE detail (
	seq INTEGER PRIMARY KEY,
	salt BLOB NOT NULL CHECK (length(salt) = 32),
	data BLOB NOT NULL
) STRICT;

-- How far the log has come: all that is needed to go on.
CREATE TABLE head (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	size INTEGER NOT NULL,
	frontier BLOB NOT NULL,
	outbox_done INTEGER NOT NULL,
	incarnation INTEGER NOT NULL
) STRICT;

CREATE TABLE checkpoint (
	incarnation INTEGER NOT NULL,
	size INTEGER NOT NULL,
	note BLOB NOT NULL,
	PRIMARY KEY (size, incarnation)
) STRICT, WITHOUT ROWID;

-- Roots of full subtrees of 256, 65,536 … entries: tiles of level 1 and above
-- are read from here, those of level 0 from ledger.
CREATE TABLE subtree (
	level INTEGER NOT NULL,
	place INTEGER NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;

-- Which records the entries of a span may name: a Bloom filter for each.
CREATE TABLE span (
	first INTEGER PRIMARY KEY,
	last INTEGER NOT NULL,
	filter BLOB NOT NULL
) STRICT;

CREATE TRIGGER ledger_unchanged BEFORE UPDATE ON ledger BEGIN SELECT raise(ABORT, 'entries of the ledger are never changed'); END;
CREATE TRIGGER ledger_kept BEFORE DELETE ON ledger BEGIN SELECT raise(ABORT, 'entries of the ledger are never deleted'); END;
CREATE TRIGGER checkpoint_unchanged BEFORE UPDATE ON checkpoint BEGIN SELECT raise(ABORT, 'checkpoints are never changed'); END;
CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint BEGIN SELECT raise(ABORT, 'checkpoints are never deleted'); END;
