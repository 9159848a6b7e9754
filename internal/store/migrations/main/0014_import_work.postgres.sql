-- What was decided about a file is sealed like the file: headings can be data. shape is a keyed
-- hash of the headings, by which the decisions about the last such file are offered again. line
-- counts rows, not lines of the file. worker holds the import until lease; nobody else touches it.
-- undoer is who takes it back.
ALTER TABLE import DROP COLUMN settings;
ALTER TABLE import ADD COLUMN decided BYTEA;
ALTER TABLE import ADD COLUMN shape BYTEA;
ALTER TABLE import ADD COLUMN worker BIGINT NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN lease BIGINT NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN undoer BIGINT NOT NULL DEFAULT 0;
CREATE INDEX import_shape ON import (shape, id) WHERE shape IS NOT NULL;
