-- Ledger entries wait here from the transaction that they describe until the
-- ledger, a file of its own, has them. Ids are never used again, so that the
-- ledger can tell if this file was put back to an older state.
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	entry BLOB NOT NULL,
	salt BLOB CHECK (salt IS NULL OR length(salt) = 32),
	details BLOB,
	CHECK ((salt IS NULL) = (details IS NULL))
) STRICT;
