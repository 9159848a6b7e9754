-- Deals. Stage and pipeline are rows of the tables pipeline and stage below.
CREATE TABLE deal (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	title TEXT COLLATE "C" NOT NULL,
	title_key TEXT COLLATE "C" NOT NULL,
	title_masked TEXT COLLATE "C",
	pipeline BIGINT NOT NULL,
	stage BIGINT NOT NULL,
	amount BIGINT,
	currency TEXT COLLATE "C",
	currency_masked TEXT COLLATE "C",
	contact BIGINT,
	company BIGINT,
	responsible BIGINT,
	expected_close TEXT COLLATE "C",
	closed_at BIGINT,
	lost_reason TEXT COLLATE "C",
	lost_reason_masked TEXT COLLATE "C",
	source TEXT COLLATE "C",
	source_key TEXT COLLATE "C",
	source_masked TEXT COLLATE "C",
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
	id BIGINT PRIMARY KEY,
	name TEXT COLLATE "C" NOT NULL,
	place BIGINT NOT NULL,
	version BIGINT NOT NULL,
	closed_at BIGINT
);

CREATE TABLE stage (
	id BIGINT PRIMARY KEY,
	pipeline BIGINT NOT NULL REFERENCES pipeline (id),
	name TEXT COLLATE "C" NOT NULL,
	place BIGINT NOT NULL,
	outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('open', 'won', 'lost')),
	closed_at BIGINT
);
CREATE INDEX stage_pipeline ON stage (pipeline, place);
