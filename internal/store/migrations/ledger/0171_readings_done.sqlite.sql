-- The number of the last part of the readings' journal that the ledger has.
ALTER TABLE head ADD COLUMN readings_done INTEGER NOT NULL DEFAULT 0;
