-- A person's own change of address: it holds once the link that went to the new address is followed.
CREATE TABLE email_change (
	hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
	person INTEGER NOT NULL UNIQUE REFERENCES person (id),
	email TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
