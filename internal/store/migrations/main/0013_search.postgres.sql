-- What the search box looks into: the folded words of a record, found by their
-- beginnings, and the digits of its phones, found by any three in a row.
CREATE TABLE search (
	kind   BIGINT NOT NULL,
	record BIGINT NOT NULL,
	words  TSVECTOR NOT NULL,
	digits TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (kind, record)
);
CREATE INDEX search_words ON search USING gin (words);

-- Without the extension a search by digits reads every record's digits: slower,
-- not wrong. It comes with PostgreSQL; a role that may not install it can ask
-- its administrator for CREATE EXTENSION pg_trgm and make the index then.
DO $$
BEGIN
	PERFORM pg_advisory_xact_lock(7230817746041);
	CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
	CREATE INDEX search_digits ON search USING gin (digits gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR invalid_schema_name THEN
	RAISE NOTICE 'pg_trgm could not be installed: searches by digits will be slow';
END
$$;
