-- Text is compared by its bytes, as on SQLite.
ALTER TABLE staff ALTER COLUMN except_services TYPE TEXT COLLATE "C";
