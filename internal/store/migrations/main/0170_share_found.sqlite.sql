-- A record of a page is held against its share with the group through which it was found. The
-- shares of one group lie close together; with level and end at hand they need not be looked for
-- among those of all records.
DROP INDEX share_principal;
CREATE INDEX share_principal ON share (principal, kind, record, level, ends_at);
