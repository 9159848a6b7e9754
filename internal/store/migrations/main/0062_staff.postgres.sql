-- Who takes appointments, in the order of the journal's columns, and when they
-- work: week is seven lists of spans in minutes of the day, Monday first; days
-- are the days that differ from it, by date.
CREATE TABLE staff (
	person BIGINT PRIMARY KEY REFERENCES person (id),
	version BIGINT NOT NULL,
	place BIGINT NOT NULL,
	position TEXT COLLATE "C" NOT NULL,
	colour TEXT COLLATE "C" NOT NULL,
	week TEXT COLLATE "C" NOT NULL,
	days TEXT COLLATE "C" NOT NULL
);
