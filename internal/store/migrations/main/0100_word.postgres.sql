-- The words by which records are found, each once for a kind: which spellings of
-- a word that was mistyped are worth looking for. Two who write the same new word
-- at the same time may both keep it, so that neither waits for the other.
CREATE TABLE word (
	word TEXT COLLATE "C" NOT NULL,
	kind BIGINT NOT NULL
);
CREATE INDEX word_word ON word (word, kind);

INSERT INTO word (word, kind)
SELECT s.word, k.kind FROM (SELECT DISTINCT kind FROM search) AS k
CROSS JOIN LATERAL ts_stat('SELECT words FROM search WHERE kind = ' || k.kind) AS s
WHERE length(s.word) BETWEEN 4 AND 40 AND s.word !~ '^[0-9]+$';
