-- One row per record that a transaction created, updated or deleted: the audit trail, and the source of the change
-- feed and of webhooks. Owner and business unit are those the record had, so that rights can be checked after a
-- deletion. Rows are only ever added; no foreign key leads out, since what they tell of may be gone.
CREATE TABLE change (
    organization_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    resource text NOT NULL,
    record_id text NOT NULL,
    action text NOT NULL CONSTRAINT change_action_check CHECK (action IN ('created', 'updated', 'deleted')),
    fields jsonb NOT NULL,
    user_id bigint,
    client text,
    owner_id bigint,
    business_unit_id bigint,
    at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
