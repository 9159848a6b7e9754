-- The same as on PostgreSQL, where two who write a new word at the same time may
-- both keep it.
CREATE TABLE word_kept (
	word TEXT NOT NULL,
	kind INTEGER NOT NULL
) STRICT;
INSERT INTO word_kept (word, kind) SELECT word, kind FROM word;
DROP TABLE word;
ALTER TABLE word_kept RENAME TO word;
CREATE INDEX word_word ON word (word, kind);
