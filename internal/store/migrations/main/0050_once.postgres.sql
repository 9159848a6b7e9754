-- Which record was made for an Idempotency-Key, so that a request that is sent again makes no
-- second one. mark is a keyed hash of who sent which key, asked one of what they asked for.
CREATE TABLE once (
    mark BYTEA PRIMARY KEY,
    asked BYTEA NOT NULL,
    record BIGINT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX once_made_at ON once (made_at);
