-- No price begins at a quantity that a decimal number of the answer cannot hold. Rules make none of these any more;
-- what was given by hand stays as it is until it is changed, hence NOT VALID.
DELETE FROM product_price WHERE price_rule_id IS NOT NULL AND quantity >= 1000000000000000;
ALTER TABLE product_price DROP CONSTRAINT product_price_quantity_check;
ALTER TABLE product_price ADD CONSTRAINT product_price_quantity_check
    CHECK (quantity >= 0 AND quantity < 1000000000000000) NOT VALID;
