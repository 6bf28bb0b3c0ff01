DROP TABLE related_product;
