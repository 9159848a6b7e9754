-- What a board counts and adds up of each stage, without looking at the deals.
CREATE INDEX deal_board ON deal (stage, currency, amount, id) WHERE deleted_at IS NULL;
