ALTER TABLE customer_user DROP COLUMN login_epoch;
ALTER TABLE app_user DROP COLUMN login_epoch;
