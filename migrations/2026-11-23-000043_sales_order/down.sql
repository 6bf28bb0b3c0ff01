DROP TABLE sales_order_document;
DROP TABLE sales_order;
DROP TABLE sales_order_address;
