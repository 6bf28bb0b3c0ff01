#!/usr/bin/env python3
"""Measures the queue: trivial jobs a second, and the time from commit to start when workers are idle.

    bench/queue.py [--jobs 50000] [--rounds 3] [--workers 4] [--binary target/release/entrepot]

Each job adds a row; jobs are claimed and completed in groups, durably (fsync is on). In the same run pgbench sends the same
statements for as many jobs in groups of 128 over as many connections, which is the limit on this machine. The figure is the
median of the rounds. Needs Python 3, Postgres and a release build.
"""

import base64
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

import run

GROUP = 128
DATABASE = "queue"

# What a worker sends for a group of jobs; the rows are those of `entrepot queue probe`.
CLAIM = f"""
BEGIN READ WRITE;
UPDATE job SET status = 'running', worker_id = 1000 + :client_id, attempts = attempts + 1, started_at = now(), published_at = NULL
WHERE id = ANY (ARRAY(
    SELECT id FROM job WHERE status IN ('new', 'failed_redelivered') AND delayed_until IS NULL
    AND name = ANY (ARRAY['queue.probe']) AND queue = 'probe' ORDER BY priority DESC, id LIMIT {GROUP} FOR NO KEY UPDATE SKIP LOCKED
));
COMMIT;
"""
COMPLETE = f"""
BEGIN READ WRITE;
SELECT id, attempts FROM job WHERE worker_id = 1000 + :client_id FOR NO KEY UPDATE;
{"INSERT INTO job_probe (batch, number, started_at) VALUES (0, 1, clock_timestamp());" * GROUP}
DELETE FROM job WHERE id = ANY (ARRAY(SELECT id FROM job WHERE worker_id = 1000 + :client_id)) AND NOT kept RETURNING id;
COMMIT;
"""


def main():
    options = arguments()
    if not shutil.which("psql"):
        sys.exit("psql is not installed (Debian: apt-get install postgresql)")
    cluster = run.Cluster(options.folder)
    try:
        cluster.start()
        cluster.sql(f"DROP DATABASE IF EXISTS {DATABASE}", "postgres")
        cluster.sql(f"CREATE DATABASE {DATABASE}", "postgres")
        entrepot(cluster, options, "migrate")
        rounds = [one_round(cluster, options) for _ in range(options.rounds)]
    finally:
        cluster.stop()
    report(options, rounds)


def arguments():
    parser = run.parser(__doc__)
    parser.add_argument("--jobs", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    return parser.parse_args()


def environment(cluster):
    key = base64.b64encode(bytes(32)).decode()
    return {**os.environ, "ENTREPOT_DATABASE_URL": cluster.url(DATABASE), "ENTREPOT_SECRET_KEY": key}


def entrepot(cluster, options, *arguments):
    command = [options.binary, *arguments]
    return subprocess.run(command, env=environment(cluster), check=True, capture_output=True, text=True).stdout


@contextlib.contextmanager
def workers(cluster, options):
    command = [options.binary, "worker", "--concurrency", str(options.workers)]
    process = subprocess.Popen(command, env=environment(cluster), stderr=subprocess.DEVNULL)
    try:
        while cluster.sql("SELECT count(*) FROM job_worker WHERE leased_until > now()", DATABASE) == "0":
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def one_round(cluster, options):
    # Jobs of a burst are there at once; then some come one by one, to workers at rest.
    with workers(cluster, options):
        text = entrepot(cluster, options, "queue", "probe", "--jobs", str(options.jobs), "--single", "200", "--patience", "600")
    rate = float(re.search(r"(\d+) a second", text)[1])
    p95 = float(re.search(r"p95 ([\d.]+) ms", text)[1])
    found = {"rate": rate, "p95": p95, "limit": limit(cluster, options)}
    print(found, file=sys.stderr)
    return found


def limit(cluster, options):
    cluster.sql("TRUNCATE job, job_probe", DATABASE)
    cluster.sql(
        "INSERT INTO job (queue, name, payload, priority, max_attempts)"
        """ SELECT 'probe', 'queue.probe', '{"batch": 0, "number": 1}', 4, 10"""
        f" FROM generate_series(1, {options.jobs})",
        DATABASE,
    )
    script = options.folder.resolve() / "group.sql"
    script.write_text(CLAIM + COMPLETE)
    groups = options.jobs // (GROUP * options.workers)
    command = [str(cluster.bin / "pgbench"), "-n", "-M", "prepared", "-f", str(script), "-c", str(options.workers)]
    command += ["-j", "2", "-t", str(groups), cluster.url(DATABASE)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"tps = ([\d.]+)", text)[1]) * GROUP


def report(options, rounds):
    rate, p95, most = (statistics.median(found[name] for found in rounds) for name in ("rate", "p95", "limit"))
    print(f"commit {run.commit()}, {os.cpu_count()} cores, {options.workers} workers, {options.jobs} jobs, {options.rounds} rounds")
    print("| what | here | wanted |\n|---|---|---|")
    print(f"| trivial jobs a second | {rate:,.0f} | 5,000 |")
    print(f"| the same statements by pgbench | {most:,.0f} | |")
    print(f"| ratio | {rate / most:.2f} | |")
    print(f"| p95 from commit to start, idle | {p95:.1f} ms | < 50 ms |")


if __name__ == "__main__":
    main()
