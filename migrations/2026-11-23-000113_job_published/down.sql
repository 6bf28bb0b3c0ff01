ALTER TABLE job DROP COLUMN published_at;
