ALTER TABLE webhook_delivery DROP COLUMN sight;
ALTER TABLE webhook_delivery ADD COLUMN give_up_at timestamptz;
UPDATE webhook_delivery SET give_up_at = pending_since + interval '3 days';
ALTER TABLE webhook_delivery ALTER COLUMN give_up_at SET NOT NULL;
ALTER TABLE webhook_delivery DROP COLUMN pending_since;
CREATE INDEX webhook_delivery_given_up_idx ON webhook_delivery (give_up_at) WHERE status = 'pending';
