-- The words by which records are found, each once for a kind: which spellings of
-- a word that was mistyped are worth looking for.
CREATE TABLE word (
    word TEXT NOT NULL,
    kind INTEGER NOT NULL,
    PRIMARY KEY (word, kind)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE contact_vocabulary USING fts5vocab (contact_words, row);
INSERT INTO word (word, kind) SELECT term, 1 FROM contact_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE contact_vocabulary;
CREATE VIRTUAL TABLE company_vocabulary USING fts5vocab (company_words, row);
INSERT INTO word (word, kind) SELECT term, 2 FROM company_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE company_vocabulary;
CREATE VIRTUAL TABLE deal_vocabulary USING fts5vocab (deal_words, row);
INSERT INTO word (word, kind) SELECT term, 3 FROM deal_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE deal_vocabulary;
CREATE VIRTUAL TABLE task_vocabulary USING fts5vocab (task_words, row);
INSERT INTO word (word, kind) SELECT term, 4 FROM task_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE task_vocabulary;
CREATE VIRTUAL TABLE legal_entity_vocabulary USING fts5vocab (legal_entity_words, row);
INSERT INTO word (word, kind) SELECT term, 6 FROM legal_entity_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE legal_entity_vocabulary;
CREATE VIRTUAL TABLE folder_vocabulary USING fts5vocab (folder_words, row);
INSERT INTO word (word, kind) SELECT term, 7 FROM folder_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE folder_vocabulary;
CREATE VIRTUAL TABLE prospect_list_vocabulary USING fts5vocab (prospect_list_words, row);
INSERT INTO word (word, kind) SELECT term, 8 FROM prospect_list_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE prospect_list_vocabulary;
CREATE VIRTUAL TABLE prospect_vocabulary USING fts5vocab (prospect_words, row);
INSERT INTO word (word, kind) SELECT term, 9 FROM prospect_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE prospect_vocabulary;
CREATE VIRTUAL TABLE service_vocabulary USING fts5vocab (service_words, row);
INSERT INTO word (word, kind) SELECT term, 10 FROM service_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE service_vocabulary;
CREATE VIRTUAL TABLE appointment_vocabulary USING fts5vocab (appointment_words, row);
INSERT INTO word (word, kind) SELECT term, 11 FROM appointment_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE appointment_vocabulary;
CREATE VIRTUAL TABLE call_vocabulary USING fts5vocab (call_words, row);
INSERT INTO word (word, kind) SELECT term, 12 FROM call_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE call_vocabulary;
CREATE VIRTUAL TABLE message_vocabulary USING fts5vocab (message_words, row);
INSERT INTO word (word, kind) SELECT term, 13 FROM message_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE message_vocabulary;
CREATE VIRTUAL TABLE process_vocabulary USING fts5vocab (process_words, row);
INSERT INTO word (word, kind) SELECT term, 14 FROM process_vocabulary WHERE length(term) BETWEEN 4 AND 40 AND term GLOB '*[^0-9]*';
DROP TABLE process_vocabulary;
