-- The mailbox of the firm, which is read and never changed. There is one or none.

-- validity and uid say how far it was read: validity is the word of the server for when its numbers
-- began anew. sealed is the password. strangers counts mails that matched no client and were left alone.
CREATE TABLE mailbox (
	id BIGINT PRIMARY KEY CHECK (id = 1),
	version BIGINT NOT NULL,
	host TEXT COLLATE "C" NOT NULL,
	port BIGINT NOT NULL,
	security TEXT COLLATE "C" NOT NULL CHECK (security IN ('tls', 'starttls')),
	user_name TEXT COLLATE "C" NOT NULL,
	sealed BYTEA NOT NULL,
	folder TEXT COLLATE "C" NOT NULL,
	since BIGINT NOT NULL,
	active BIGINT NOT NULL,
	validity BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	taken BIGINT NOT NULL,
	strangers BIGINT NOT NULL,
	problem TEXT COLLATE "C",
	tried_at BIGINT,
	read_at BIGINT,
	set_by BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);

-- A keyed hash of each mail that was taken, so that none is taken twice, whatever number it has later.
CREATE TABLE mailbox_taken (
	mark BYTEA PRIMARY KEY CHECK (length(mark) = 32),
	taken_at BIGINT NOT NULL
);
