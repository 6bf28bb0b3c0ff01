DROP TABLE product_tax_code;
DROP TABLE brand_localized_value;
DROP TABLE brand;
DROP TABLE attribute_family_localized_value;
DROP TABLE attribute_family;
DROP TABLE prod_inventory_status;
DROP TABLE product_unit;
