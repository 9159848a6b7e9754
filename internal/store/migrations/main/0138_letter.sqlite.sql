-- How letters stand, and the mailbox of the firm.

-- What became of a mail to a client: 'waiting', 'sent' or 'failed', and why it failed.
ALTER TABLE message ADD COLUMN delivery TEXT;
ALTER TABLE message ADD COLUMN problem TEXT;
CREATE INDEX message_delivery ON message (delivery, updated_at, id) WHERE deleted_at IS NULL;

-- Each try to send a message: mail is its number in the outbox, of which its Message-ID is made, so
-- that answers and returned mails find what they answer. It stays when the mail itself is gone.
CREATE TABLE letter (
	mail INTEGER PRIMARY KEY,
	message INTEGER NOT NULL,
	writer INTEGER NOT NULL,
	sent_at INTEGER NOT NULL
) STRICT;
CREATE INDEX letter_message ON letter (message, mail);
CREATE INDEX letter_writer ON letter (writer, sent_at);
