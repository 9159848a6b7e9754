-- Custom fields. Each is a column x_… of its kind's table, added when it is declared; a field that
-- is withdrawn keeps its column and its row here, so that a later field never finds old values.
CREATE TABLE custom_field (
	id INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	name TEXT NOT NULL,
	type TEXT NOT NULL,
	class TEXT NOT NULL,
	labels TEXT NOT NULL,
	options TEXT NOT NULL,
	target TEXT NOT NULL,
	required INTEGER NOT NULL,
	place INTEGER NOT NULL,
	version INTEGER NOT NULL,
	made_at INTEGER NOT NULL,
	withdrawn_at INTEGER,
	UNIQUE (kind, name)
) STRICT;
