-- How letters stand, and the mailbox of the firm.

-- What became of a mail to a client: 'waiting', 'sent' or 'failed', and why it failed.
ALTER TABLE message ADD COLUMN delivery TEXT COLLATE "C";
ALTER TABLE message ADD COLUMN problem TEXT COLLATE "C";
CREATE INDEX message_delivery ON message (delivery, updated_at, id) WHERE deleted_at IS NULL;

-- Each try to send a message: mail is its number in the outbox, of which its Message-ID is made, so
-- that answers and returned mails find what they answer. It stays when the mail itself is gone.
CREATE TABLE letter (
	mail BIGINT PRIMARY KEY,
	message BIGINT NOT NULL,
	writer BIGINT NOT NULL,
	sent_at BIGINT NOT NULL
);
CREATE INDEX letter_message ON letter (message, mail);
CREATE INDEX letter_writer ON letter (writer, sent_at);
