-- Two records that were made one: which stayed and which went to the bin, so that it is undone in one step. The work
-- is an operation; shared names the principals that the merge added to the record that stays, as JSON.
CREATE TABLE merge (
	operation BIGINT NOT NULL PRIMARY KEY REFERENCES operation (id) ON DELETE CASCADE,
	stays     BIGINT NOT NULL,
	goes      BIGINT NOT NULL,
	before    BIGINT NOT NULL, -- the version of the one that stays as the merge found it
	after     BIGINT NOT NULL, -- the version that the merge left
	gone      BIGINT NOT NULL, -- the version of the other one in the bin
	shared    TEXT COLLATE "C" NOT NULL
);

-- What led to the record that went, and leads to the one that stays since.
CREATE TABLE merge_link (
	operation BIGINT NOT NULL REFERENCES merge (operation) ON DELETE CASCADE,
	kind      BIGINT NOT NULL,
	record    BIGINT NOT NULL,
	field     TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (operation, kind, record, field)
);
