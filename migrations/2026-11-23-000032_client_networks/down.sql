ALTER TABLE oauth_client DROP COLUMN networks;
