-- What the jobs of `entrepot queue probe` leave: one row for each time one was done. Nothing keeps a second row of a job
-- out, so that one that is done twice is seen.
CREATE TABLE job_probe (
    batch bigint NOT NULL,
    number integer NOT NULL,
    -- at the beginning of its effects
    started_at timestamptz NOT NULL
);
CREATE INDEX job_probe_batch_idx ON job_probe (batch);
CREATE SEQUENCE job_probe_batch_seq;
