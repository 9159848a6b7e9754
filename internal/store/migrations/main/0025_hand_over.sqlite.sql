-- Giving everything that somebody is responsible for to somebody else. work names the bulk operations,
-- by kind of record and what is done, as JSON: by them it is taken back.
--
--   running → done → undoing → undone
--      └────→ failed (whoever began it may no longer)
CREATE TABLE hand_over (
	id INTEGER PRIMARY KEY,
	giver INTEGER NOT NULL REFERENCES person (id),
	taker INTEGER NOT NULL REFERENCES person (id),
	made_by INTEGER NOT NULL REFERENCES person (id),
	state TEXT NOT NULL CHECK (state IN ('running', 'done', 'undoing', 'undone', 'failed')),
	work TEXT NOT NULL,
	done INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	made_at INTEGER NOT NULL,
	finished_at INTEGER
) STRICT;
CREATE INDEX hand_over_giver ON hand_over (giver, id);
CREATE UNIQUE INDEX hand_over_running ON hand_over (giver) WHERE state IN ('running', 'undoing');
