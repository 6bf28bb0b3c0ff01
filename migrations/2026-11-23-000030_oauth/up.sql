-- API clients and the tokens given to them. A client's identifier is unique over the whole installation, since a
-- token request names no organization; what it may reach is its own organization alone.
CREATE TABLE oauth_client (
    id text NOT NULL,
    organization_id bigint NOT NULL,
    name text NOT NULL,
    -- `hmac-sha256$<server key id>$<base64>`; null for a public client
    secret_hash text,
    grants text[] NOT NULL,
    -- the user whom client_credentials acts as
    owner_user_id bigint,
    api text NOT NULL,
    confidential boolean NOT NULL DEFAULT true,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    CONSTRAINT oauth_client_pkey PRIMARY KEY (id),
    CONSTRAINT oauth_client_organization_id_id_key UNIQUE (organization_id, id),
    CONSTRAINT oauth_client_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization (id),
    CONSTRAINT oauth_client_owner_user_id_fkey FOREIGN KEY (organization_id, owner_user_id)
        REFERENCES app_user (organization_id, id),
    CONSTRAINT oauth_client_id_check CHECK (id ~ '^[A-Za-z0-9._~-]{1,32}$'),
    CONSTRAINT oauth_client_api_check CHECK (api IN ('admin', 'storefront')),
    CONSTRAINT oauth_client_secret_hash_check CHECK (NOT confidential OR secret_hash IS NOT NULL),
    CONSTRAINT oauth_client_grants_check CHECK (
        cardinality(grants) > 0
        AND grants <@ ARRAY['client_credentials', 'password', 'refresh_token', 'authorization_code']
        AND (NOT 'client_credentials' = ANY (grants) OR owner_user_id IS NOT NULL)
    )
);
CREATE INDEX oauth_client_owner_user_id_idx ON oauth_client (organization_id, owner_user_id);

-- One row per access token, so that a token can be revoked before it expires.
CREATE TABLE oauth_access_token (
    jti uuid NOT NULL,
    organization_id bigint NOT NULL,
    client_id text NOT NULL,
    user_id bigint NOT NULL,
    -- the chain of refreshed pairs it belongs to; null for client_credentials
    family uuid,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT oauth_access_token_pkey PRIMARY KEY (jti),
    CONSTRAINT oauth_access_token_client_id_fkey FOREIGN KEY (organization_id, client_id)
        REFERENCES oauth_client (organization_id, id),
    CONSTRAINT oauth_access_token_user_id_fkey FOREIGN KEY (organization_id, user_id)
        REFERENCES app_user (organization_id, id)
);
CREATE INDEX oauth_access_token_user_id_idx ON oauth_access_token (organization_id, user_id);
CREATE INDEX oauth_access_token_family_idx ON oauth_access_token (family) WHERE family IS NOT NULL;
CREATE INDEX oauth_access_token_expires_at_idx ON oauth_access_token (expires_at);

-- Refresh tokens, by their keyed hash: the token itself is known to the client only.
CREATE TABLE oauth_refresh_token (
    hash bytea NOT NULL,
    organization_id bigint NOT NULL,
    client_id text NOT NULL,
    user_id bigint NOT NULL,
    family uuid NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT oauth_refresh_token_pkey PRIMARY KEY (hash),
    CONSTRAINT oauth_refresh_token_client_id_fkey FOREIGN KEY (organization_id, client_id)
        REFERENCES oauth_client (organization_id, id),
    CONSTRAINT oauth_refresh_token_user_id_fkey FOREIGN KEY (organization_id, user_id)
        REFERENCES app_user (organization_id, id)
);
CREATE INDEX oauth_refresh_token_user_id_idx ON oauth_refresh_token (organization_id, user_id);
CREATE INDEX oauth_refresh_token_family_idx ON oauth_refresh_token (family);
CREATE INDEX oauth_refresh_token_expires_at_idx ON oauth_refresh_token (expires_at);
