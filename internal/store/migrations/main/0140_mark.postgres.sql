-- Beside each row of access as much of the record's values as fits into one
-- number, so that a walk passes over records that lack what a filter asks for.
-- Every bit is set where nothing is known: such a record is looked at. With the
-- mark in the index the walk need not look at the table.
ALTER TABLE access ADD COLUMN mark BIGINT NOT NULL DEFAULT -1;
ALTER TABLE access_name ADD COLUMN mark BIGINT NOT NULL DEFAULT -1;
ALTER TABLE access DROP CONSTRAINT access_pkey;
ALTER TABLE access ADD PRIMARY KEY (principal, kind, updated_at, record) INCLUDE (mark);
ALTER TABLE access_name DROP CONSTRAINT access_name_pkey;
ALTER TABLE access_name ADD PRIMARY KEY (principal, kind, name_key, record) INCLUDE (mark);
