-- What an issued invoice says of seller and buyer stands part by part; and it says which legal entities are the firm's own.
ALTER TABLE legal_entity ADD COLUMN ours INTEGER;
UPDATE legal_entity SET ours = 1 WHERE id IN (SELECT seller FROM invoice WHERE status <> 'draft');

ALTER TABLE invoice ADD COLUMN tax_note TEXT;
ALTER TABLE invoice ADD COLUMN seller_tax_id TEXT;
ALTER TABLE invoice ADD COLUMN seller_tax_code TEXT;
ALTER TABLE invoice ADD COLUMN seller_registration TEXT;
ALTER TABLE invoice ADD COLUMN seller_address TEXT;
ALTER TABLE invoice ADD COLUMN buyer_tax_id TEXT;
ALTER TABLE invoice ADD COLUMN buyer_tax_id_masked TEXT;
ALTER TABLE invoice ADD COLUMN buyer_tax_code TEXT;
ALTER TABLE invoice ADD COLUMN buyer_tax_code_masked TEXT;
ALTER TABLE invoice ADD COLUMN buyer_registration TEXT;
ALTER TABLE invoice ADD COLUMN buyer_registration_masked TEXT;
ALTER TABLE invoice ADD COLUMN buyer_address TEXT;
ALTER TABLE invoice ADD COLUMN buyer_address_masked TEXT;

-- Of what was issued before, the first line is the name; the others go together.
UPDATE invoice SET seller_address = substr(seller_as_issued, instr(seller_as_issued, char(10)) + 1), seller_as_issued = substr(seller_as_issued, 1, instr(seller_as_issued, char(10)) - 1) WHERE instr(seller_as_issued, char(10)) > 0;
UPDATE invoice SET buyer_address = substr(buyer_as_issued, instr(buyer_as_issued, char(10)) + 1), buyer_as_issued = substr(buyer_as_issued, 1, instr(buyer_as_issued, char(10)) - 1) WHERE instr(buyer_as_issued, char(10)) > 0;
UPDATE invoice SET buyer_address_masked = substr(buyer_as_issued_masked, instr(buyer_as_issued_masked, char(10)) + 1), buyer_as_issued_masked = substr(buyer_as_issued_masked, 1, instr(buyer_as_issued_masked, char(10)) - 1) WHERE instr(buyer_as_issued_masked, char(10)) > 0;

-- What is the firm's own is not masked as somebody's number.
ALTER TABLE invoice DROP COLUMN seller_as_issued_masked;
ALTER TABLE invoice DROP COLUMN account_as_issued_masked;
