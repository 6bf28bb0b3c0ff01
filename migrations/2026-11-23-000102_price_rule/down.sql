ALTER TABLE product_price DROP COLUMN price_rule_id;
DROP TABLE price_rule;
