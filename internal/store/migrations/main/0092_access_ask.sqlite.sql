-- Who has asked for access to a record that they may not see, so that nobody is asked twice a week for the same. Whoever
-- asked is not told that there is a row.
CREATE TABLE access_ask (
	kind   INTEGER NOT NULL,
	record INTEGER NOT NULL,
	person INTEGER NOT NULL REFERENCES person (id),
	at     INTEGER NOT NULL,
	PRIMARY KEY (kind, record, person)
) STRICT, WITHOUT ROWID;
