-- Appointments: when a client is served, by whom, and what became of it.
CREATE TABLE appointment (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	title TEXT COLLATE "C" NOT NULL,
	title_key TEXT COLLATE "C" NOT NULL,
	title_masked TEXT COLLATE "C",
	contact BIGINT,
	service BIGINT,
	responsible BIGINT NOT NULL,
	starts_at BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	price BIGINT,
	beside BIGINT,
	series TEXT COLLATE "C",
	series_key TEXT COLLATE "C",
	series_masked TEXT COLLATE "C",
	note TEXT COLLATE "C",
	note_masked TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT,
	CHECK (ends_at > starts_at)
);

CREATE INDEX appointment_title ON appointment (title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX appointment_contact ON appointment (contact, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX appointment_service ON appointment (service, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX appointment_responsible ON appointment (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX appointment_starts_at ON appointment (starts_at, id) WHERE deleted_at IS NULL;
CREATE INDEX appointment_status ON appointment (status, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX appointment_series ON appointment (series_key, starts_at, id) WHERE deleted_at IS NULL AND series_key IS NOT NULL;
CREATE INDEX appointment_created_at ON appointment (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX appointment_updated_at ON appointment (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX appointment_bin ON appointment (deleted_at, id) WHERE deleted_at IS NOT NULL;

-- What the journal walks over: everybody's day in the order of the clock.
CREATE INDEX appointment_day ON appointment (responsible, starts_at, ends_at) WHERE deleted_at IS NULL;
