-- Which files of a message go out with it: what somebody puts on the message later does not.
CREATE TABLE letter_file (
	message BIGINT NOT NULL,
	file BIGINT NOT NULL,
	PRIMARY KEY (message, file)
);
