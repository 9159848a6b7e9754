-- Whom a mail is from, as far as that is known, and when.

-- sender: 'proven', 'unproven' or 'other'. claimed_at is the date that the mail itself gives.
ALTER TABLE message ADD COLUMN sender TEXT COLLATE "C";
ALTER TABLE message ADD COLUMN claimed_at BIGINT;
-- A message stands on timelines at its own time, so that none is without one.
UPDATE message SET at = created_at WHERE at IS NULL;

-- authserv is the name with which the receiving server signs what it found of a sender. excess counts
-- mails of unproven senders that were too many.
ALTER TABLE mailbox ADD COLUMN authserv TEXT COLLATE "C";
ALTER TABLE mailbox ADD COLUMN excess BIGINT NOT NULL DEFAULT 0;

-- sender is a keyed hash of whom an unproven mail says it is from, and came_at when it was received.
ALTER TABLE mailbox_taken ADD COLUMN came_at BIGINT;
ALTER TABLE mailbox_taken ADD COLUMN sender BYTEA;
CREATE INDEX mailbox_taken_unproven ON mailbox_taken (came_at, sender) WHERE sender IS NOT NULL;
