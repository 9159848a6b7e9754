-- Calls.
CREATE TABLE call (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	title TEXT COLLATE "C" NOT NULL,
	title_key TEXT COLLATE "C" NOT NULL,
	title_masked TEXT COLLATE "C",
	direction TEXT COLLATE "C",
	outcome TEXT COLLATE "C",
	number TEXT COLLATE "C",
	began_at BIGINT,
	seconds BIGINT,
	recording TEXT COLLATE "C",
	contact BIGINT,
	company BIGINT,
	deal BIGINT,
	responsible BIGINT,
	note TEXT COLLATE "C",
	note_masked TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT
);

CREATE INDEX call_title ON call (title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX call_direction ON call (direction, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_outcome ON call (outcome, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_began_at ON call (began_at, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_contact ON call (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_company ON call (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_deal ON call (deal, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_responsible ON call (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_created_at ON call (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_updated_at ON call (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX call_bin ON call (deleted_at, id) WHERE deleted_at IS NOT NULL;
