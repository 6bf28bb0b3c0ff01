-- A login of a browser is kept by the browser, sealed: it is good while the epoch is the one of then.
ALTER TABLE app_user ADD COLUMN login_epoch integer NOT NULL DEFAULT 0;
ALTER TABLE customer_user ADD COLUMN login_epoch integer NOT NULL DEFAULT 0;
