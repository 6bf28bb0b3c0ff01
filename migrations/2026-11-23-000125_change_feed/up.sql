-- Changes get an order that can be followed: in each organization the sequencer numbers the committed rows 1, 2, 3, ...
-- A row is numbered after its transaction has committed, and all numbers are given under one row lock, so who has read
-- up to a position never finds a smaller one later. Rows are numbered in the order of their ids, which rows of one
-- record draw while the record is locked: the sequence must not cache.
ALTER TABLE change
    ADD COLUMN position bigint,
    -- Whether an update gave the record another owner, and who it was before: the record leaves the view of some.
    ADD COLUMN moved boolean NOT NULL DEFAULT false,
    ADD COLUMN old_owner_id bigint,
    ADD COLUMN old_business_unit_id bigint,
    -- Numbered rows leave dead versions behind.
    SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000);
CREATE UNIQUE INDEX change_position_key ON change (organization_id, position) WHERE position IS NOT NULL;
CREATE INDEX change_unnumbered_idx ON change (id) WHERE position IS NULL;

-- How far the feed of an organization goes. Positions up to `removed` are older than what is kept.
CREATE TABLE change_feed (
    organization_id bigint NOT NULL PRIMARY KEY,
    position bigint NOT NULL,
    removed bigint NOT NULL DEFAULT 0,
    CONSTRAINT change_feed_removed_check CHECK (removed BETWEEN 0 AND position)
);

-- The one row by which server processes agree on who numbers. Who holds it renews it; whoever finds it expired takes it.
CREATE TABLE change_sequencer (
    id boolean NOT NULL DEFAULT true PRIMARY KEY,
    holder uuid,
    expires_at timestamptz NOT NULL,
    CONSTRAINT change_sequencer_id_check CHECK (id)
);
INSERT INTO change_sequencer (expires_at) VALUES ('-infinity');
