-- Looks through the eyes of others.

-- One look of a session: at a person, or with a role. It is over at ends_at,
-- whether or not somebody has written that down.
CREATE TABLE viewing (
	session BIGINT PRIMARY KEY REFERENCES session (id),
	person BIGINT REFERENCES person (id),
	role BIGINT, -- may be gone before the look is over
	ends_at BIGINT NOT NULL,
	CHECK ((person IS NULL) <> (role IS NULL))
);
