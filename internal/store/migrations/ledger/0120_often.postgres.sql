-- Who met the records that a span names often: what is told of them without
-- reading the span.
CREATE TABLE span_often (
	kind TEXT COLLATE "C" NOT NULL,
	record BIGINT NOT NULL,
	first BIGINT NOT NULL,
	met BYTEA NOT NULL,
	PRIMARY KEY (kind, record, first)
);
