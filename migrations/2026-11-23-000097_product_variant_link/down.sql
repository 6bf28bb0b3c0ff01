DROP TABLE product_variant_link;
