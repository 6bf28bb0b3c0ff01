DROP TABLE order_shipping_status;
DROP TABLE order_internal_status;
DROP TABLE order_status;
