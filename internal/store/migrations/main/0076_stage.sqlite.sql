-- What a stage asks for before something enters it, when something in a pipeline
-- has rested too long (days; 0: never), and for which reasons it is lost.
ALTER TABLE stage ADD COLUMN requires TEXT NOT NULL DEFAULT '[]';
ALTER TABLE pipeline ADD COLUMN stale_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pipeline ADD COLUMN reasons TEXT NOT NULL DEFAULT '[]';
