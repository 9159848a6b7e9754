-- The number of the last part of the readings' journal that the ledger has.
-- There is none on PostgreSQL, where readings wait in the outbox.
ALTER TABLE head ADD COLUMN readings_done BIGINT NOT NULL DEFAULT 0;
