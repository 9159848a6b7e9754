-- SQLite's table of words becomes as this one is.
SELECT 1;
