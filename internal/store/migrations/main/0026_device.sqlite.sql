-- What is known of the device of a session, read once from what its browser
-- says; empty: nothing. unfamiliar: this person had not come by this device and
-- network for long when the session began.
ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN browser_version TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN system TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN form TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN unfamiliar INTEGER NOT NULL DEFAULT 0 CHECK (unfamiliar IN (0, 1));
CREATE INDEX session_live ON session (id) WHERE ended_at IS NULL;
