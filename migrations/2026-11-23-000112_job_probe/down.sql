DROP SEQUENCE job_probe_batch_seq;
DROP TABLE job_probe;
