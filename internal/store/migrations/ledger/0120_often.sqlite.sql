-- Who met the records that a span names often: what is told of them without
-- reading the span.
CREATE TABLE span_often (
	kind TEXT NOT NULL,
	record INTEGER NOT NULL,
	first INTEGER NOT NULL,
	met BLOB NOT NULL,
	PRIMARY KEY (kind, record, first)
) STRICT, WITHOUT ROWID;
