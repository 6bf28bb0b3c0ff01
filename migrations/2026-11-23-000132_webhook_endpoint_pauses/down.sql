ALTER TABLE webhook_endpoint DROP COLUMN pauses;
