-- Services that somebody who takes appointments does not give, as a JSON list of
-- ids: a new service is given by everybody.
ALTER TABLE staff ADD COLUMN except_services TEXT NOT NULL DEFAULT '[]';
