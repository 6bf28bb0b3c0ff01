INSERT INTO webhook_topic (id, label)
SELECT 'productprice.' || action, 'Product price ' || action
FROM unnest(ARRAY['created', 'updated', 'deleted']) AS action;
