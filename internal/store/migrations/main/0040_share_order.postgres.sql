-- Every row of a page is held against the shares of its record. With the record first the
-- search compares one number at each step, and with the level at hand it need not look at
-- the table.
ALTER TABLE share DROP CONSTRAINT share_pkey;
ALTER TABLE share ADD PRIMARY KEY (record, kind, principal) INCLUDE (level, ends_at);
