ALTER TABLE product_price DROP CONSTRAINT product_price_quantity_check;
ALTER TABLE product_price ADD CONSTRAINT product_price_quantity_check CHECK (quantity >= 0);
