-- When jobs that come again and again are enqueued the next time.
CREATE TABLE job_schedule (
    name text PRIMARY KEY,
    next_at timestamptz NOT NULL
);
