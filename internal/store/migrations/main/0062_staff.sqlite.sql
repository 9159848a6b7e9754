-- Who takes appointments, in the order of the journal's columns, and when they
-- work: week is seven lists of spans in minutes of the day, Monday first; days
-- are the days that differ from it, by date.
CREATE TABLE staff (
	person INTEGER PRIMARY KEY REFERENCES person (id),
	version INTEGER NOT NULL,
	place INTEGER NOT NULL,
	position TEXT NOT NULL,
	colour TEXT NOT NULL,
	week TEXT NOT NULL,
	days TEXT NOT NULL
) STRICT;
