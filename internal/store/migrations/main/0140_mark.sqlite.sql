-- Beside each row of access as much of the record's values as fits into one
-- number, so that a walk passes over records that lack what a filter asks for.
-- Every bit is set where nothing is known: such a record is looked at.
ALTER TABLE access ADD COLUMN mark INTEGER NOT NULL DEFAULT -1;
ALTER TABLE access_name ADD COLUMN mark INTEGER NOT NULL DEFAULT -1;
