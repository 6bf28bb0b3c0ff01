-- The authorization code grant: where clients may be answered to, codes, and what users have agreed to.
ALTER TABLE oauth_client
    ADD COLUMN redirect_uris text[] NOT NULL DEFAULT '{}',
    -- whether `code_challenge_method=plain` is good enough
    ADD COLUMN plain_pkce boolean NOT NULL DEFAULT false,
    -- whether users are not asked
    ADD COLUMN skip_consent boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT oauth_client_redirect_uris_check CHECK (
        ('authorization_code' = ANY (grants)) = (cardinality(redirect_uris) > 0)
    );

-- Codes by their keyed hash. Used ones stay until the tokens made of them are gone: they tell a second use.
CREATE TABLE oauth_code (
    hash bytea NOT NULL,
    organization_id bigint NOT NULL,
    client_id text NOT NULL,
    -- who agreed; neither of the two: a visitor of the storefront
    user_id bigint,
    customer_user_id bigint,
    redirect_uri text NOT NULL,
    -- whether the request named it; then the exchange has to name it too
    redirect_given boolean NOT NULL,
    -- RFC 7636; null where the client sent none
    challenge text,
    challenge_method text,
    -- of the tokens that are made of it
    family uuid NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT oauth_code_pkey PRIMARY KEY (hash),
    CONSTRAINT oauth_code_client_id_fkey FOREIGN KEY (organization_id, client_id)
        REFERENCES oauth_client (organization_id, id),
    CONSTRAINT oauth_code_user_id_fkey FOREIGN KEY (organization_id, user_id) REFERENCES app_user (organization_id, id),
    CONSTRAINT oauth_code_customer_user_id_fkey FOREIGN KEY (organization_id, customer_user_id)
        REFERENCES customer_user (organization_id, id),
    CONSTRAINT oauth_code_subject_check CHECK (num_nonnulls(user_id, customer_user_id) <= 1),
    CONSTRAINT oauth_code_challenge_check CHECK (
        (challenge IS NULL) = (challenge_method IS NULL) AND challenge_method IN ('S256', 'plain')
    )
);
CREATE INDEX oauth_code_client_id_idx ON oauth_code (organization_id, client_id);
CREATE INDEX oauth_code_user_id_idx ON oauth_code (organization_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX oauth_code_customer_user_id_idx
    ON oauth_code (organization_id, customer_user_id) WHERE customer_user_id IS NOT NULL;
CREATE INDEX oauth_code_expires_at_idx ON oauth_code (expires_at);

-- A user or customer user has let a client act in its name, and is not asked again.
CREATE TABLE oauth_consent (
    organization_id bigint NOT NULL,
    client_id text NOT NULL,
    user_id bigint,
    customer_user_id bigint,
    given_at timestamptz NOT NULL,
    CONSTRAINT oauth_consent_client_id_fkey FOREIGN KEY (organization_id, client_id)
        REFERENCES oauth_client (organization_id, id),
    CONSTRAINT oauth_consent_user_id_fkey FOREIGN KEY (organization_id, user_id)
        REFERENCES app_user (organization_id, id),
    CONSTRAINT oauth_consent_customer_user_id_fkey FOREIGN KEY (organization_id, customer_user_id)
        REFERENCES customer_user (organization_id, id),
    CONSTRAINT oauth_consent_subject_check CHECK (num_nonnulls(user_id, customer_user_id) = 1),
    CONSTRAINT oauth_consent_key UNIQUE NULLS NOT DISTINCT (organization_id, client_id, user_id, customer_user_id)
);
CREATE INDEX oauth_consent_user_id_idx ON oauth_consent (organization_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX oauth_consent_customer_user_id_idx
    ON oauth_consent (organization_id, customer_user_id) WHERE customer_user_id IS NOT NULL;
