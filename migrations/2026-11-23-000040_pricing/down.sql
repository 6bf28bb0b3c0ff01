DROP TABLE product_price;
DROP TABLE price_list;
