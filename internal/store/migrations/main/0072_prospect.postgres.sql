-- Prospect lists.
CREATE TABLE prospect_list (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	name_key TEXT COLLATE "C" NOT NULL,
	name_masked TEXT COLLATE "C",
	source TEXT COLLATE "C",
	source_key TEXT COLLATE "C",
	source_masked TEXT COLLATE "C",
	closed BIGINT,
	responsible BIGINT,
	tags TEXT COLLATE "C",
	note TEXT COLLATE "C",
	note_masked TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT
);

CREATE INDEX prospect_list_name ON prospect_list (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_source ON prospect_list (source_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_closed ON prospect_list (closed, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_responsible ON prospect_list (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_created_at ON prospect_list (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_updated_at ON prospect_list (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_list_bin ON prospect_list (deleted_at, id) WHERE deleted_at IS NOT NULL;

-- Rows of prospect lists.
CREATE TABLE prospect (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	name_key TEXT COLLATE "C" NOT NULL,
	name_masked TEXT COLLATE "C",
	list BIGINT NOT NULL,
	status TEXT COLLATE "C",
	company_name TEXT COLLATE "C",
	company_name_key TEXT COLLATE "C",
	company_name_masked TEXT COLLATE "C",
	job_title TEXT COLLATE "C",
	job_title_masked TEXT COLLATE "C",
	phones TEXT COLLATE "C",
	emails TEXT COLLATE "C",
	website TEXT COLLATE "C",
	city TEXT COLLATE "C",
	city_key TEXT COLLATE "C",
	city_masked TEXT COLLATE "C",
	contact BIGINT,
	deal BIGINT,
	responsible BIGINT,
	tags TEXT COLLATE "C",
	note TEXT COLLATE "C",
	note_masked TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT
);

CREATE INDEX prospect_name ON prospect (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_in_list ON prospect (list, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_status ON prospect (status, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_company_name ON prospect (company_name_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_city ON prospect (city_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_contact ON prospect (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_deal ON prospect (deal, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_responsible ON prospect (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_created_at ON prospect (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_updated_at ON prospect (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX prospect_bin ON prospect (deleted_at, id) WHERE deleted_at IS NOT NULL;
