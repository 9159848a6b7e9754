-- What the search box looks into: the folded words of a record, found by their
-- beginnings, and the digits of its phones, found by any three in a row. The
-- rowid is the record's id, so that the newest are found first without sorting.
-- The text itself is not kept a second time.
CREATE VIRTUAL TABLE contact_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
CREATE VIRTUAL TABLE company_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
CREATE VIRTUAL TABLE deal_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
CREATE VIRTUAL TABLE task_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');

CREATE VIRTUAL TABLE contact_digits USING fts5 (digits, content = '', contentless_delete = 1, tokenize = 'trigram');
CREATE VIRTUAL TABLE company_digits USING fts5 (digits, content = '', contentless_delete = 1, tokenize = 'trigram');
