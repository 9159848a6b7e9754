-- Giving everything that somebody is responsible for to somebody else. work names the bulk operations,
-- by kind of record and what is done, as JSON: by them it is taken back.
--
--   running → done → undoing → undone
--      └────→ failed (whoever began it may no longer)
CREATE TABLE hand_over (
	id BIGINT PRIMARY KEY,
	giver BIGINT NOT NULL REFERENCES person (id),
	taker BIGINT NOT NULL REFERENCES person (id),
	made_by BIGINT NOT NULL REFERENCES person (id),
	state TEXT COLLATE "C" NOT NULL CHECK (state IN ('running', 'done', 'undoing', 'undone', 'failed')),
	work TEXT COLLATE "C" NOT NULL,
	done BIGINT NOT NULL,
	refused BIGINT NOT NULL,
	made_at BIGINT NOT NULL,
	finished_at BIGINT
);
CREATE INDEX hand_over_giver ON hand_over (giver, id);
CREATE UNIQUE INDEX hand_over_running ON hand_over (giver) WHERE state IN ('running', 'undoing');
