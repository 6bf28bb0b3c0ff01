DROP TABLE oauth_consent;
DROP TABLE oauth_code;
ALTER TABLE oauth_client
    DROP COLUMN redirect_uris,
    DROP COLUMN plain_pkce,
    DROP COLUMN skip_consent;
