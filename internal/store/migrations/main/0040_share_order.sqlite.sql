-- Every row of a page is held against the shares of its record. With the record first the
-- search compares one number at each step; with the kind first, the same for nearly all
-- shares, it compared three.
CREATE TABLE share_again (
	kind      INTEGER NOT NULL,
	record    INTEGER NOT NULL,
	principal INTEGER NOT NULL,
	level     INTEGER NOT NULL CHECK (level IN (1, 2)),
	ends_at   INTEGER,
	made_by   INTEGER NOT NULL,
	made_at   INTEGER NOT NULL,
	PRIMARY KEY (record, kind, principal)
) STRICT, WITHOUT ROWID;
INSERT INTO share_again (kind, record, principal, level, ends_at, made_by, made_at)
	SELECT kind, record, principal, level, ends_at, made_by, made_at FROM share ORDER BY record, kind, principal;
DROP TABLE share;
ALTER TABLE share_again RENAME TO share;
CREATE INDEX share_principal ON share (principal, kind, record);
CREATE INDEX share_ends ON share (ends_at) WHERE ends_at IS NOT NULL;
