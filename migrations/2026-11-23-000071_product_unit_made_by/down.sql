ALTER TABLE product_unit DROP COLUMN made_by;
