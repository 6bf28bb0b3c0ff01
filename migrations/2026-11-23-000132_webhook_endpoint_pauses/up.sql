-- How often in a row the endpoint was paused: each pause is twice as long as the one before.
ALTER TABLE webhook_endpoint ADD COLUMN pauses integer NOT NULL DEFAULT 0;
