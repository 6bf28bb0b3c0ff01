-- When a broker, where there is one, was told that the job is ready; NULL: it was not, or the job has been started since.
ALTER TABLE job ADD COLUMN published_at timestamptz;
CREATE INDEX job_unpublished_idx ON job (priority DESC, id)
    WHERE status IN ('new', 'failed_redelivered') AND delayed_until IS NULL AND published_at IS NULL;
