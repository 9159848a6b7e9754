-- Firms as the law and their bank know them.
CREATE TABLE legal_entity (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	name_masked TEXT,
	tax_id TEXT,
	tax_id_key TEXT,
	tax_id_masked TEXT,
	tax_code TEXT,
	tax_code_masked TEXT,
	registration TEXT,
	registration_masked TEXT,
	vat_payer INTEGER,
	country TEXT,
	country_masked TEXT,
	address TEXT,
	address_masked TEXT,
	bank_account TEXT,
	bank_account_masked TEXT,
	bank_name TEXT,
	bank_name_masked TEXT,
	bank_code TEXT,
	bank_code_masked TEXT,
	phones TEXT,
	emails TEXT,
	company INTEGER,
	contact INTEGER,
	responsible INTEGER,
	tags TEXT,
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

CREATE INDEX legal_entity_name ON legal_entity (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_tax_id ON legal_entity (tax_id_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_company ON legal_entity (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_contact ON legal_entity (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_responsible ON legal_entity (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_external_id ON legal_entity (external_id_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_created_at ON legal_entity (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_updated_at ON legal_entity (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX legal_entity_bin ON legal_entity (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE VIRTUAL TABLE legal_entity_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
CREATE VIRTUAL TABLE legal_entity_digits USING fts5 (digits, content = '', contentless_delete = 1, tokenize = 'trigram');
