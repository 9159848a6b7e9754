-- What an issued invoice says of seller and buyer stands part by part; and it says which legal entities are the firm's own.
ALTER TABLE legal_entity ADD COLUMN ours BIGINT;
UPDATE legal_entity SET ours = 1 WHERE id IN (SELECT seller FROM invoice WHERE status <> 'draft');

ALTER TABLE invoice ADD COLUMN tax_note TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN seller_tax_id TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN seller_tax_code TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN seller_registration TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN seller_address TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN buyer_tax_id TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN buyer_tax_id_masked TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN buyer_tax_code TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN buyer_tax_code_masked TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN buyer_registration TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN buyer_registration_masked TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN buyer_address TEXT COLLATE "C";
ALTER TABLE invoice ADD COLUMN buyer_address_masked TEXT COLLATE "C";

-- Of what was issued before, the first line is the name; the others go together.
UPDATE invoice SET seller_address = substr(seller_as_issued, strpos(seller_as_issued, chr(10)) + 1), seller_as_issued = substr(seller_as_issued, 1, strpos(seller_as_issued, chr(10)) - 1) WHERE strpos(seller_as_issued, chr(10)) > 0;
UPDATE invoice SET buyer_address = substr(buyer_as_issued, strpos(buyer_as_issued, chr(10)) + 1), buyer_as_issued = substr(buyer_as_issued, 1, strpos(buyer_as_issued, chr(10)) - 1) WHERE strpos(buyer_as_issued, chr(10)) > 0;
UPDATE invoice SET buyer_address_masked = substr(buyer_as_issued_masked, strpos(buyer_as_issued_masked, chr(10)) + 1), buyer_as_issued_masked = substr(buyer_as_issued_masked, 1, strpos(buyer_as_issued_masked, chr(10)) - 1) WHERE strpos(buyer_as_issued_masked, chr(10)) > 0;

-- What is the firm's own is not masked as somebody's number.
ALTER TABLE invoice DROP COLUMN seller_as_issued_masked;
ALTER TABLE invoice DROP COLUMN account_as_issued_masked;
