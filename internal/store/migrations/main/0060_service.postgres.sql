-- Services: what is done for a client in one visit.
CREATE TABLE service (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	name_key TEXT COLLATE "C" NOT NULL,
	name_masked TEXT COLLATE "C",
	category TEXT COLLATE "C",
	category_key TEXT COLLATE "C",
	category_masked TEXT COLLATE "C",
	duration BIGINT,
	price BIGINT,
	colour TEXT COLLATE "C",
	active BIGINT,
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

CREATE INDEX service_name ON service (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX service_category ON service (category_key, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_active ON service (active, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_responsible ON service (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_created_at ON service (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_updated_at ON service (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX service_bin ON service (deleted_at, id) WHERE deleted_at IS NOT NULL;
