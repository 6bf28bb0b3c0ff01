DROP TABLE webhook;
DROP TABLE webhook_endpoint;
DROP TABLE webhook_format;
DROP TABLE webhook_topic;
