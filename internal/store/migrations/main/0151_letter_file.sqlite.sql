-- Which files of a message go out with it: what somebody puts on the message later does not.
CREATE TABLE letter_file (
	message INTEGER NOT NULL,
	file INTEGER NOT NULL,
	PRIMARY KEY (message, file)
) STRICT, WITHOUT ROWID;
