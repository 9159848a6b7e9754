-- Invoices. What was given out stays given out: a number is taken once, in the transaction that issues.
CREATE TABLE invoice (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	number TEXT COLLATE "C",
	number_key TEXT COLLATE "C",
	title TEXT COLLATE "C" NOT NULL,
	title_key TEXT COLLATE "C" NOT NULL,
	title_masked TEXT COLLATE "C",
	status TEXT COLLATE "C" NOT NULL,
	seller BIGINT,
	contact BIGINT,
	company BIGINT,
	buyer BIGINT,
	deal BIGINT,
	lines TEXT COLLATE "C",
	lines_masked TEXT COLLATE "C",
	currency TEXT COLLATE "C",
	currency_masked TEXT COLLATE "C",
	net BIGINT,
	vat BIGINT,
	gross BIGINT,
	issued_on TEXT COLLATE "C",
	sold_on TEXT COLLATE "C",
	due_on TEXT COLLATE "C",
	paid_on TEXT COLLATE "C",
	void_reason TEXT COLLATE "C",
	void_reason_masked TEXT COLLATE "C",
	seller_as_issued TEXT COLLATE "C",
	seller_as_issued_masked TEXT COLLATE "C",
	account_as_issued TEXT COLLATE "C",
	account_as_issued_masked TEXT COLLATE "C",
	buyer_as_issued TEXT COLLATE "C",
	buyer_as_issued_masked TEXT COLLATE "C",
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
	seller BIGINT NOT NULL,
	year BIGINT NOT NULL,
	last BIGINT NOT NULL,
	PRIMARY KEY (seller, year)
);

-- Which invoice has which number.
CREATE TABLE invoice_number (
	seller BIGINT NOT NULL,
	year BIGINT NOT NULL,
	sequence BIGINT NOT NULL CHECK (sequence > 0),
	invoice BIGINT NOT NULL UNIQUE,
	PRIMARY KEY (seller, year, sequence)
);
