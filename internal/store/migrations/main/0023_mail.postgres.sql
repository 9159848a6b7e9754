-- Messages of the house: mails that wait to be sent, and what people are told in the page.

-- sealed holds the recipient and the values of the template, links among them. It is gone as soon as
-- the message is sent or given up. problem is a word of ours and the code of the mail server.
--
--   waiting → sent
--      └────→ given_up (refused for good, or too late)
CREATE TABLE mail (
	id BIGINT PRIMARY KEY,
	template TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'sent', 'given_up')),
	sealed BYTEA CHECK ((sealed IS NOT NULL) = (state = 'waiting')),
	attempts BIGINT NOT NULL,
	problem TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX mail_state ON mail (state, id);

-- words are values of the sentence, as JSON: a device, an address on the net, a person.
CREATE TABLE notice (
	id BIGINT PRIMARY KEY,
	person BIGINT NOT NULL REFERENCES person (id),
	kind TEXT COLLATE "C" NOT NULL,
	words TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	seen_at BIGINT
);
CREATE INDEX notice_person ON notice (person, id);
