-- The answers to writes that came with an Idempotency-Key, kept for a day. The transaction that makes the effect claims
-- the row first and fills it last, so nobody ever sees one without an answer. No foreign key leads out: a check of it
-- would make claims wait for whoever changes the organization.
CREATE TABLE idempotency_key (
    organization_id bigint NOT NULL,
    client text NOT NULL,
    -- as whom the client acts: 'user:5'
    principal text NOT NULL,
    key text NOT NULL CONSTRAINT idempotency_key_key_check CHECK (length(key) BETWEEN 1 AND 255),
    -- a keyed hash of method, path, query and body
    fingerprint bytea NOT NULL,
    claimed_at timestamptz NOT NULL,
    status smallint,
    -- [["location", "https://…"]]
    headers jsonb,
    -- compressed, then encrypted with the server's key
    body bytea,
    PRIMARY KEY (organization_id, client, principal, key)
);
ALTER TABLE idempotency_key ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX idempotency_key_claimed_at_idx ON idempotency_key (claimed_at);
