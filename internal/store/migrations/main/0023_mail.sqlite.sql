-- Messages of the house: mails that wait to be sent, and what people are told in the page.

-- sealed holds the recipient and the values of the template, links among them. It is gone as soon as
-- the message is sent or given up. problem is a word of ours and the code of the mail server.
--
--   waiting → sent
--      └────→ given_up (refused for good, or too late)
CREATE TABLE mail (
	id INTEGER PRIMARY KEY,
	template TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'given_up')),
	sealed BLOB CHECK ((sealed IS NOT NULL) = (state = 'waiting')),
	attempts INTEGER NOT NULL,
	problem TEXT,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_state ON mail (state, id);

-- words are values of the sentence, as JSON: a device, an address on the net, a person.
CREATE TABLE notice (
	id INTEGER PRIMARY KEY,
	person INTEGER NOT NULL REFERENCES person (id),
	kind TEXT NOT NULL,
	words TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	seen_at INTEGER
) STRICT;
CREATE INDEX notice_person ON notice (person, id);
