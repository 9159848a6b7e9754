-- The ledger: entries in their order, the tree over them, the signed heads.
-- Entries are never changed or deleted; their details can be erased by law.
CREATE TABLE ledger (
	seq BIGINT PRIMARY KEY,
	src BIGINT,
	ts BIGINT NOT NULL,
	actor_kind BIGINT NOT NULL,
	actor BIGINT NOT NULL,
	event TEXT COLLATE "C" NOT NULL,
	entry BYTEA NOT NULL,
	leaf BYTEA NOT NULL CHECK (length(leaf) = 32)
);
-- No row of the outbox is taken twice, whatever the head may say.
CREATE UNIQUE INDEX ledger_src ON ledger (src) WHERE src IS NOT NULL;
-- The event at the end spares a look at the entry when both are asked for.
CREATE INDEX ledger_actor ON ledger (actor_kind, actor, seq, event);
CREATE INDEX ledger_event ON ledger (event, seq);

-- Values before and after, with the salt that binds them to their entry.
CREATE TABLE detail (
	seq BIGINT PRIMARY KEY,
	salt BYTEA NOT NULL CHECK (length(salt) = 32),
	data BYTEA NOT NULL
);

-- How far the log has come: all that is needed to go on.
CREATE TABLE head (
	id BIGINT PRIMARY KEY CHECK (id = 1),
	size BIGINT NOT NULL,
	frontier BYTEA NOT NULL,
	outbox_done BIGINT NOT NULL,
	incarnation BIGINT NOT NULL
);

CREATE TABLE checkpoint (
	incarnation BIGINT NOT NULL,
	size BIGINT NOT NULL,
	note BYTEA NOT NULL,
	PRIMARY KEY (size, incarnation)
);

-- Roots of full subtrees of 256, 65,536 … entries: tiles of level 1 and above
-- are read from here, those of level 0 from ledger.
CREATE TABLE subtree (
	level BIGINT NOT NULL,
	place BIGINT NOT NULL,
	hash BYTEA NOT NULL CHECK (length(hash) = 32),
	PRIMARY KEY (level, place)
);

-- Which records the entries of a span may name: a Bloom filter for each.
CREATE TABLE span (
	first BIGINT PRIMARY KEY,
	last BIGINT NOT NULL,
	filter BYTEA NOT NULL
);
-- A good filter is half ones: there is nothing to compress.
ALTER TABLE span ALTER COLUMN filter SET STORAGE EXTERNAL;

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the ledger is never changed'; END $$;
CREATE TRIGGER ledger_unchanged BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_kept BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER checkpoint_unchanged BEFORE UPDATE OR DELETE ON checkpoint FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER checkpoint_kept BEFORE TRUNCATE ON checkpoint FOR EACH STATEMENT EXECUTE FUNCTION append_only();
