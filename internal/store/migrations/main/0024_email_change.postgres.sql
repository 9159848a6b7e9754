-- A person's own change of address: it holds once the link that went to the new address is followed.
CREATE TABLE email_change (
	hash BYTEA PRIMARY KEY CHECK (length(hash) = 32),
	person BIGINT NOT NULL UNIQUE REFERENCES person (id),
	email TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	ends_at BIGINT NOT NULL
);
