-- The RSA keys that sign access tokens. The private half is encrypted under the server's key.
CREATE TABLE signing_key (
    kid text NOT NULL,
    public_jwk jsonb NOT NULL,
    private_key bytea NOT NULL,
    -- which server key encrypted it
    private_key_id text NOT NULL,
    created_at timestamptz NOT NULL,
    -- from then on it signs nothing; its public half stays valid for one token lifetime
    retired_at timestamptz,
    CONSTRAINT signing_key_pkey PRIMARY KEY (kid)
);
-- One key signs at a time, whatever the number of processes.
CREATE UNIQUE INDEX signing_key_active_key ON signing_key ((true)) WHERE retired_at IS NULL;
