DELETE FROM webhook_topic WHERE id LIKE 'productprice.%';
