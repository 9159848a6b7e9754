-- Ledger entries wait here from the transaction that they describe until the
-- sequencer has put them into the ledger. Entries of reads come the same way.
CREATE TABLE outbox (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	entry BYTEA NOT NULL,
	salt BYTEA CHECK (salt IS NULL OR length(salt) = 32),
	details BYTEA,
	CHECK ((salt IS NULL) = (details IS NULL))
);
