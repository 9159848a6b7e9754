-- Deals. Stage and pipeline are rows of the tables pipeline and stage below.
CREATE TABLE deal (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	title TEXT NOT NULL,
	title_key TEXT NOT NULL,
	title_masked TEXT,
	pipeline INTEGER NOT NULL,
	stage INTEGER NOT NULL,
	amount INTEGER,
	currency TEXT,
	currency_masked TEXT,
	contact INTEGER,
	company INTEGER,
	responsible INTEGER,
	expected_close TEXT,
	closed_at INTEGER,
	lost_reason TEXT,
	lost_reason_masked TEXT,
	source TEXT,
	source_key TEXT,
	source_masked TEXT,
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

CREATE INDEX deal_title ON deal (title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_pipeline ON deal (pipeline, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_stage ON deal (stage, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_contact ON deal (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_company ON deal (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_responsible ON deal (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_source ON deal (source_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_created_at ON deal (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_updated_at ON deal (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deal_bin ON deal (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE pipeline (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	place INTEGER NOT NULL,
	version INTEGER NOT NULL,
	closed_at INTEGER
) STRICT;

CREATE TABLE stage (
	id INTEGER PRIMARY KEY,
	pipeline INTEGER NOT NULL REFERENCES pipeline (id),
	name TEXT NOT NULL,
	place INTEGER NOT NULL,
	outcome TEXT NOT NULL CHECK (outcome IN ('open', 'won', 'lost')),
	closed_at INTEGER
) STRICT;
CREATE INDEX stage_pipeline ON stage (pipeline, place);
