-- The mailbox of the firm, which is read and never changed. There is one or none.

-- validity and uid say how far it was read: validity is the word of the server for when its numbers
-- began anew. sealed is the password. strangers counts mails that matched no client and were left alone.
CREATE TABLE mailbox (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	version INTEGER NOT NULL,
	host TEXT NOT NULL,
	port INTEGER NOT NULL,
	security TEXT NOT NULL CHECK (security IN ('tls', 'starttls')),
	user_name TEXT NOT NULL,
	sealed BLOB NOT NULL,
	folder TEXT NOT NULL,
	since INTEGER NOT NULL,
	active INTEGER NOT NULL,
	validity INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	taken INTEGER NOT NULL,
	strangers INTEGER NOT NULL,
	problem TEXT,
	tried_at INTEGER,
	read_at INTEGER,
	set_by INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;

-- A keyed hash of each mail that was taken, so that none is taken twice, whatever number it has later.
CREATE TABLE mailbox_taken (
	mark BLOB PRIMARY KEY CHECK (length(mark) = 32),
	taken_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
