ALTER TABLE sales_order_address DROP COLUMN customer_user_address_id;
DROP TABLE customer_user_address;
ALTER TABLE customer_user DROP COLUMN active, DROP COLUMN auth_status_id;
DROP TABLE customer_user_auth_status;
ALTER TABLE customer DROP COLUMN internal_rating_id;
DROP TABLE customer_rating;
