ALTER TABLE change DROP COLUMN customer_user_id;
ALTER TABLE customer_user_role DROP COLUMN permissions;
DELETE FROM oauth_refresh_token WHERE user_id IS NULL;
ALTER TABLE oauth_refresh_token DROP COLUMN customer_user_id, DROP COLUMN visitor_id, ALTER COLUMN user_id SET NOT NULL;
DELETE FROM oauth_access_token WHERE user_id IS NULL;
ALTER TABLE oauth_access_token DROP COLUMN customer_user_id, DROP COLUMN visitor_id, ALTER COLUMN user_id SET NOT NULL;
DELETE FROM oauth_refresh_token WHERE client_id IN (SELECT id FROM oauth_client WHERE owner_customer_user_id IS NOT NULL);
DELETE FROM oauth_access_token WHERE client_id IN (SELECT id FROM oauth_client WHERE owner_customer_user_id IS NOT NULL);
DELETE FROM oauth_client WHERE owner_customer_user_id IS NOT NULL;
ALTER TABLE oauth_client
    DROP COLUMN owner_customer_user_id,
    DROP CONSTRAINT IF EXISTS oauth_client_grants_check,
    ADD CONSTRAINT oauth_client_grants_check CHECK (
        cardinality(grants) > 0
        AND grants <@ ARRAY['client_credentials', 'password', 'refresh_token', 'authorization_code']
        AND (NOT 'client_credentials' = ANY (grants) OR owner_user_id IS NOT NULL)
    );
DROP TABLE customer_visitor;
