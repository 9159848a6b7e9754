-- Custom fields. Each is a column x_… of its kind's table, added when it is declared; a field that
-- is withdrawn keeps its column and its row here, so that a later field never finds old values.
CREATE TABLE custom_field (
	id BIGINT PRIMARY KEY,
	kind BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	type TEXT COLLATE "C" NOT NULL,
	class TEXT COLLATE "C" NOT NULL,
	labels TEXT COLLATE "C" NOT NULL,
	options TEXT COLLATE "C" NOT NULL,
	target TEXT COLLATE "C" NOT NULL,
	required BIGINT NOT NULL,
	place BIGINT NOT NULL,
	version BIGINT NOT NULL,
	made_at BIGINT NOT NULL,
	withdrawn_at BIGINT,
	UNIQUE (kind, name)
);
