-- Appointments: when a client is served, by whom, and what became of it.
CREATE TABLE appointment (
	id INTEGER PRIMARY KEY,
	version INTEGER NOT NULL,
	title TEXT NOT NULL,
	title_key TEXT NOT NULL,
	title_masked TEXT,
	contact INTEGER,
	service INTEGER,
	responsible INTEGER NOT NULL,
	starts_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	status TEXT NOT NULL,
	price INTEGER,
	beside INTEGER,
	series TEXT,
	series_key TEXT,
	series_masked TEXT,
	note TEXT,
	note_masked TEXT,
	created_at INTEGER NOT NULL,
	created_by INTEGER,
	updated_at INTEGER NOT NULL,
	updated_by INTEGER,
	deleted_at INTEGER,
	deleted_by INTEGER,
	CHECK (ends_at > starts_at)
) STRICT;

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

CREATE VIRTUAL TABLE appointment_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
