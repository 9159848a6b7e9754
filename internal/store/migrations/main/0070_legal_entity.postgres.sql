-- Firms as the law and their bank know them.
CREATE TABLE legal_entity (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	name_key TEXT COLLATE "C" NOT NULL,
	name_masked TEXT COLLATE "C",
	tax_id TEXT COLLATE "C",
	tax_id_key TEXT COLLATE "C",
	tax_id_masked TEXT COLLATE "C",
	tax_code TEXT COLLATE "C",
	tax_code_masked TEXT COLLATE "C",
	registration TEXT COLLATE "C",
	registration_masked TEXT COLLATE "C",
	vat_payer BIGINT,
	country TEXT COLLATE "C",
	country_masked TEXT COLLATE "C",
	address TEXT COLLATE "C",
	address_masked TEXT COLLATE "C",
	bank_account TEXT COLLATE "C",
	bank_account_masked TEXT COLLATE "C",
	bank_name TEXT COLLATE "C",
	bank_name_masked TEXT COLLATE "C",
	bank_code TEXT COLLATE "C",
	bank_code_masked TEXT COLLATE "C",
	phones TEXT COLLATE "C",
	emails TEXT COLLATE "C",
	company BIGINT,
	contact BIGINT,
	responsible BIGINT,
	tags TEXT COLLATE "C",
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

CREATE INDEX legal_entity_name ON legal_entity (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_tax_id ON legal_entity (tax_id_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_company ON legal_entity (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_contact ON legal_entity (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_responsible ON legal_entity (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_external_id ON legal_entity (external_id_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_created_at ON legal_entity (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_updated_at ON legal_entity (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_bin ON legal_entity (deleted_at, id) WHERE deleted_at IS NOT NULL;
