-- Clients. Phones and addresses lie in the row as JSON, so that a list reads one row a client;
-- they are found through the table multi. Text that people type has a masked twin, NULL where
-- there is nothing to mask, and, where it can be compared, a folded key made from the masked text.
CREATE TABLE contact (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	name_masked TEXT,
	given_name TEXT,
	given_name_masked TEXT,
	middle_name TEXT,
	middle_name_masked TEXT,
	family_name TEXT,
	family_name_masked TEXT,
	phones TEXT,
	emails TEXT,
	company INTEGER,
	job_title TEXT,
	job_title_masked TEXT,
	city TEXT,
	city_key TEXT,
	city_masked TEXT,
	country TEXT,
	country_masked TEXT,
	address TEXT,
	address_masked TEXT,
	website TEXT,
	birthday TEXT,
	gender TEXT,
	language TEXT,
	tags TEXT,
	source TEXT,
	source_key TEXT,
	source_masked TEXT,
	responsible INTEGER,
	discount INTEGER,
	card TEXT,
	card_masked TEXT,
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

CREATE INDEX contact_name ON contact (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_company ON contact (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_city ON contact (city_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_source ON contact (source_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_responsible ON contact (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_external_id ON contact (external_id_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_created_at ON contact (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_updated_at ON contact (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contact_bin ON contact (deleted_at, id) WHERE deleted_at IS NOT NULL;
