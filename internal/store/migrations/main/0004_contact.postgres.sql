-- Clients. Phones and addresses lie in the row as JSON, so that a list reads one row a client;
-- they are found through the table multi. Text that people type has a masked twin, NULL where
-- there is nothing to mask, and, where it can be compared, a folded key made from the masked text.
CREATE TABLE contact (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	name_key TEXT COLLATE "C" NOT NULL,
	name_masked TEXT COLLATE "C",
	given_name TEXT COLLATE "C",
	given_name_masked TEXT COLLATE "C",
	middle_name TEXT COLLATE "C",
	middle_name_masked TEXT COLLATE "C",
	family_name TEXT COLLATE "C",
	family_name_masked TEXT COLLATE "C",
	phones TEXT COLLATE "C",
	emails TEXT COLLATE "C",
	company BIGINT,
	job_title TEXT COLLATE "C",
	job_title_masked TEXT COLLATE "C",
	city TEXT COLLATE "C",
	city_key TEXT COLLATE "C",
	city_masked TEXT COLLATE "C",
	country TEXT COLLATE "C",
	country_masked TEXT COLLATE "C",
	address TEXT COLLATE "C",
	address_masked TEXT COLLATE "C",
	website TEXT COLLATE "C",
	birthday TEXT COLLATE "C",
	gender TEXT COLLATE "C",
	language TEXT COLLATE "C",
	tags TEXT COLLATE "C",
	source TEXT COLLATE "C",
	source_key TEXT COLLATE "C",
	source_masked TEXT COLLATE "C",
	responsible BIGINT,
	discount BIGINT,
	card TEXT COLLATE "C",
	card_masked TEXT COLLATE "C",
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

CREATE INDEX contact_name ON contact (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_company ON contact (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_city ON contact (city_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_source ON contact (source_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_responsible ON contact (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_external_id ON contact (external_id_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_created_at ON contact (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_updated_at ON contact (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_bin ON contact (deleted_at, id) WHERE deleted_at IS NOT NULL;
