-- Messages.
CREATE TABLE message (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	subject TEXT COLLATE "C" NOT NULL,
	subject_key TEXT COLLATE "C" NOT NULL,
	subject_masked TEXT COLLATE "C",
	channel TEXT COLLATE "C" NOT NULL,
	direction TEXT COLLATE "C",
	number TEXT COLLATE "C",
	addresses TEXT COLLATE "C",
	body TEXT COLLATE "C",
	body_masked TEXT COLLATE "C",
	at BIGINT,
	contact BIGINT,
	company BIGINT,
	deal BIGINT,
	responsible BIGINT,
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT
);

CREATE INDEX message_subject ON message (subject_key, id) WHERE deleted_at IS NULL;
CREATE INDEX message_channel ON message (channel, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_direction ON message (direction, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_at ON message (at, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_contact ON message (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_company ON message (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_deal ON message (deal, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_responsible ON message (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_created_at ON message (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_updated_at ON message (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX message_bin ON message (deleted_at, id) WHERE deleted_at IS NOT NULL;
