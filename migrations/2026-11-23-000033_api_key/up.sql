-- Keys of users for the WSSE scheme. The server computes digests with a key, so keys are encrypted under the server's
-- key, not hashed. A user has one active key in an organization.
CREATE SEQUENCE api_key_id_seq AS bigint;
CREATE TABLE api_key (
    organization_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('api_key_id_seq'),
    user_id bigint NOT NULL,
    -- AES-256-GCM, bound to organization and id
    sealed bytea NOT NULL,
    sealed_key_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    CONSTRAINT api_key_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT api_key_id_key UNIQUE (id),
    CONSTRAINT api_key_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization (id),
    CONSTRAINT api_key_user_id_fkey FOREIGN KEY (organization_id, user_id) REFERENCES app_user (organization_id, id)
);
CREATE UNIQUE INDEX api_key_user_id_key ON api_key (organization_id, user_id) WHERE revoked_at IS NULL;
CREATE INDEX api_key_user_id_idx ON api_key (organization_id, user_id);

-- Nonces that were used, until the header that they came in has expired.
CREATE TABLE api_key_nonce (
    organization_id bigint NOT NULL,
    key_id bigint NOT NULL,
    -- SHA-256 of the nonce's bytes
    nonce bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT api_key_nonce_pkey PRIMARY KEY (organization_id, key_id, nonce),
    CONSTRAINT api_key_nonce_key_id_fkey FOREIGN KEY (organization_id, key_id) REFERENCES api_key (organization_id, id)
);
CREATE INDEX api_key_nonce_expires_at_idx ON api_key_nonce (expires_at);
