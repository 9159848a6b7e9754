-- Invoices. What was given out stays given out: a number is taken once, in the transaction that issues.
CREATE TABLE invoice (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	number TEXT,
	number_key TEXT,
	title TEXT NOT NULL,
	title_key TEXT NOT NULL,
	title_masked TEXT,
	status TEXT NOT NULL,
	seller INTEGER,
	contact INTEGER,
	company INTEGER,
	buyer INTEGER,
	deal INTEGER,
	lines TEXT,
	lines_masked TEXT,
	currency TEXT,
	currency_masked TEXT,
	net INTEGER,
	vat INTEGER,
	gross INTEGER,
	issued_on TEXT,
	sold_on TEXT,
	due_on TEXT,
	paid_on TEXT,
	void_reason TEXT,
	void_reason_masked TEXT,
	seller_as_issued TEXT,
	seller_as_issued_masked TEXT,
	account_as_issued TEXT,
	account_as_issued_masked TEXT,
	buyer_as_issued TEXT,
	buyer_as_issued_masked TEXT,
	responsible INTEGER,
	tags TEXT,
	note TEXT,
	note_masked TEXT,
	created_at INTEGER NOT NULL,
	created_by INTEGER,
	updated_at INTEGER NOT NULL,
	updated_by INTEGER,
	deleted_at INTEGER,
	deleted_by INTEGER
) STRICT;

CREATE INDEX invoice_by_number ON invoice (number_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_title ON invoice (title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_status ON invoice (status, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_seller ON invoice (seller, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_contact ON invoice (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_company ON invoice (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_buyer ON invoice (buyer, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_deal ON invoice (deal, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_responsible ON invoice (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_created_at ON invoice (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_updated_at ON invoice (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX invoice_bin ON invoice (deleted_at, id) WHERE deleted_at IS NOT NULL;

-- How far each legal entity has counted in each year.
CREATE TABLE invoice_count (
	seller INTEGER NOT NULL,
	year INTEGER NOT NULL,
	last INTEGER NOT NULL,
	PRIMARY KEY (seller, year)
) STRICT, WITHOUT ROWID;

-- Which invoice has which number.
CREATE TABLE invoice_number (
	seller INTEGER NOT NULL,
	year INTEGER NOT NULL,
	sequence INTEGER NOT NULL CHECK (sequence > 0),
	invoice INTEGER NOT NULL UNIQUE,
	PRIMARY KEY (seller, year, sequence)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE invoice_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
