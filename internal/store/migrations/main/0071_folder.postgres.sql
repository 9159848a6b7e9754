-- Client folders, and the folder that clients and deals were put into.
CREATE TABLE folder (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	name_key TEXT COLLATE "C" NOT NULL,
	name_masked TEXT COLLATE "C",
	company BIGINT,
	responsible BIGINT,
	tags TEXT COLLATE "C",
	note TEXT COLLATE "C",
	note_masked TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	created_by BIGINT,
	updated_at BIGINT NOT NULL,
	updated_by BIGINT,
	deleted_at BIGINT,
	deleted_by BIGINT
);

CREATE INDEX folder_name ON folder (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_company ON folder (company, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_responsible ON folder (responsible, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_created_at ON folder (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_updated_at ON folder (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX folder_bin ON folder (deleted_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE contact ADD COLUMN folder BIGINT;
CREATE INDEX contact_folder ON contact (folder, updated_at, id) WHERE deleted_at IS NULL;
ALTER TABLE deal ADD COLUMN folder BIGINT;
CREATE INDEX deal_folder ON deal (folder, updated_at, id) WHERE deleted_at IS NULL;
