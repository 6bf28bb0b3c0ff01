DROP TABLE product_shipping_options;
DROP TABLE freight_class;
DROP TABLE length_unit;
DROP TABLE weight_unit;
