-- The tasks that a post-sale process begins with, after a win in which pipelines it starts by itself, and with whose rights.
ALTER TABLE pipeline ADD COLUMN steps TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE pipeline ADD COLUMN starts_after TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE pipeline ADD COLUMN author BIGINT;

-- Which processes a won deal has started by itself: each one once.
CREATE TABLE process_start (
	deal BIGINT NOT NULL,
	pipeline BIGINT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (deal, pipeline)
);
