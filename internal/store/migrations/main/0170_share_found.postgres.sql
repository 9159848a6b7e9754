-- As on SQLite, which asks a record of a page first for the share with the group through which
-- it was found; here level and end are at hand for whoever asks by a group.
DROP INDEX share_principal;
CREATE INDEX share_principal ON share (principal, kind, record) INCLUDE (level, ends_at);
