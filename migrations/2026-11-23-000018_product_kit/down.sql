DROP TABLE product_kit_item_product;
DROP TABLE product_kit_item_label;
DROP TABLE product_kit_item;
