-- Companies.
CREATE TABLE company (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	name_key TEXT COLLATE "C" NOT NULL,
	name_masked TEXT COLLATE "C",
	phones TEXT COLLATE "C",
	emails TEXT COLLATE "C",
	website TEXT COLLATE "C",
	tax_id TEXT COLLATE "C",
	tax_id_masked TEXT COLLATE "C",
	industry TEXT COLLATE "C",
	industry_masked TEXT COLLATE "C",
	city TEXT COLLATE "C",
	city_key TEXT COLLATE "C",
	city_masked TEXT COLLATE "C",
	country TEXT COLLATE "C",
	country_masked TEXT COLLATE "C",
	address TEXT COLLATE "C",
	address_masked TEXT COLLATE "C",
	tags TEXT COLLATE "C",
	source TEXT COLLATE "C",
	source_key TEXT COLLATE "C",
	source_masked TEXT COLLATE "C",
	responsible BIGINT,
	external_id TEXT COLLATE "C",
	external_id_key TEXT COLLATE "C",
	external_id_masked TEXT COLLATE "C",
	note TEXT COLLATE "C",
	note_masked TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT
);

CREATE INDEX company_name ON company (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX company_city ON company (city_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_source ON company (source_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_responsible ON company (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_external_id ON company (external_id_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_created_at ON company (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_updated_at ON company (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX company_bin ON company (deleted_at, id) WHERE deleted_at IS NOT NULL;
