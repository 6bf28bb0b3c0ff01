DROP TABLE product_image_type;
DROP TABLE product_image;
ALTER TABLE product DROP CONSTRAINT product_primary_unit_precision_id_fkey;
DROP TABLE product_unit_precision;
DROP TABLE product_short_description;
DROP TABLE product_description;
DROP TABLE product_name;
DROP TABLE product_localized_value;
DROP TABLE product;
