-- Companies.
CREATE TABLE company (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	name_masked TEXT,
	phones TEXT,
	emails TEXT,
	website TEXT,
	tax_id TEXT,
	tax_id_masked TEXT,
	industry TEXT,
	industry_masked TEXT,
	city TEXT,
	city_key TEXT,
	city_masked TEXT,
	country TEXT,
	country_masked TEXT,
	address TEXT,
	address_masked TEXT,
	tags TEXT,
	source TEXT,
	source_key TEXT,
	source_masked TEXT,
	responsible INTEGER,
	external_id TEXT,
	external_id_key TEXT,
	external_id_masked TEXT,
	note TEXT,
	note_masked TEXT,
	created_at INTEGER NOT NULL,
	created_by INTEGER,
	updated_at INTEGER NOT NULL,
	updated_by INTEGER,
	deleted_at INTEGER,
	deleted_by INTEGER
) STRICT;

CREATE INDEX company_name ON company (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX company_city ON company (city_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_source ON company (source_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_responsible ON company (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_external_id ON company (external_id_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_created_at ON company (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_updated_at ON company (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_bin ON company (deleted_at, id) WHERE deleted_at IS NOT NULL;
