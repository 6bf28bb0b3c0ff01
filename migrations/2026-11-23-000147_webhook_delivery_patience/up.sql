-- Since when a delivery is tried: since it was noted, or since it was sent again on demand. For how long is a setting, which
-- holds for what is pending too.
ALTER TABLE webhook_delivery ADD COLUMN pending_since timestamptz;
UPDATE webhook_delivery SET pending_since = created_at;
ALTER TABLE webhook_delivery ALTER COLUMN pending_since SET NOT NULL;
ALTER TABLE webhook_delivery DROP COLUMN give_up_at;
CREATE INDEX webhook_delivery_pending_since_idx ON webhook_delivery (pending_since) WHERE status = 'pending';
-- What the owner might view when it was written, as a digest to compare; without one: everything that it shows.
ALTER TABLE webhook_delivery ADD COLUMN sight text;
