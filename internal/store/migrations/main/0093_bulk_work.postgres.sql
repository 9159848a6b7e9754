-- Work on more records than anybody waits for: a job does it. settings holds what is done, as JSON, until it is done;
-- bulk_todo the records that are left.
CREATE TABLE bulk_work (
	operation   BIGINT NOT NULL PRIMARY KEY REFERENCES operation (id) ON DELETE CASCADE,
	made_by     BIGINT NOT NULL,
	state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('running', 'done', 'failed')),
	settings    TEXT COLLATE "C" NOT NULL,
	total       BIGINT NOT NULL,
	done        BIGINT NOT NULL,
	refused     BIGINT NOT NULL,
	finished_at BIGINT
);

CREATE TABLE bulk_todo (
	operation BIGINT NOT NULL REFERENCES bulk_work (operation) ON DELETE CASCADE,
	record    BIGINT NOT NULL,
	PRIMARY KEY (operation, record)
);
