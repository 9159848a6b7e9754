-- On PostgreSQL the column was compared by the language of the server.
SELECT 1;
