#!/usr/bin/env python3
"""Measures the change feed: how many rows a second are numbered, how soon a commit is seen, and how quickly pages are read.

    bench/feed.py [--rows 200000] [--commits 200] [--seconds 10] [--connections 16] [--binary target/release/entrepot]

Works on the data of bench/run.py (target/bench), and makes them where they are not there yet. Needs Python 3, wrk, Postgres
and a release build.

Numbered: change rows are inserted by one statement, in one transaction; the clock runs from its commit until the last row
has a position. Seen: a group is created over HTTP, one after the other, while a request waits for it (wait=30); the clock
runs from the answer to the POST, which is sent after the commit, until the waiting request is answered. Read: a page of
1,000 changes, by wrk, against pgbench with the server's own statement.
"""

import json
import shutil
import statistics
import sys
import threading
import time
import urllib.parse

import run

GROUPS = "/admin/api/customergroups"


def main():
    options = run.parser(__doc__)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--commits", type=int, default=200)
    options = run.parsed(options)
    for tool in ("wrk", "psql"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not installed (Debian: apt-get install wrk postgresql)")
    cluster = run.Cluster(options.folder)
    try:
        cluster.start()
        run.prepare(cluster, options)
        with run.Server(cluster, options, ENTREPOT_LIMITS_REQUEST_BURST="0") as server:
            rate = numbered(cluster, options.rows)
            print(f"numbered: {rate:,.0f} rows/s")
            delays = seen(server, options.commits)
            quantiles = statistics.quantiles(delays, n=20)
            print(f"seen after the answer to the write: median {quantiles[9]:.1f} ms, p95 {quantiles[18]:.1f} ms")
            path = f"/admin/api/changes?page%5Bafter%5D={far_down(server)}&page%5Bsize%5D=1000"
            page = run.Scenario("changes", "1,000 changes", None, path)
            _, http, (database, _), _, size = run.measure(server, cluster, options, page)
            print(f"read: {http['rate']:,.0f} pages/s of 1,000 changes ({size:,} bytes), {http['rate'] / database:.0%} of pgbench")
    finally:
        cluster.stop()


def numbered(cluster, rows):
    """Rows a second, from the commit of one transaction until all have a position."""
    organization = cluster.sql("SELECT organization_id FROM app_user WHERE username = 'bench'")
    cluster.sql(f"""
        INSERT INTO change (organization_id, resource, record_id, action, fields, client, at)
        SELECT {organization}, 'customergroups', n::text, 'updated', '["name", "updatedAt"]', 'bench', now()
        FROM generate_series(1, {rows}) n""")
    began = time.monotonic()
    while cluster.sql("SELECT count(*) FROM (SELECT 1 FROM change WHERE position IS NULL LIMIT 1) AS left_over") != "0":
        time.sleep(0.02)
    return rows / (time.monotonic() - began)


def seen(server, commits):
    """Milliseconds from the answer to a write until a waiting reader has the change."""
    after = cursor(server.send("/admin/api/changes?page%5Bsize%5D=0"), "last")
    delays, arrived, waiting = [], {}, threading.Semaphore(0)

    def follow():
        nonlocal after
        while len(arrived) < commits:
            waiting.release()
            page = server.send(f"/admin/api/changes?filter%5Btype%5D=customergroups&page%5Bafter%5D={after}&wait=30")
            now = time.monotonic()
            after = cursor(page, "next")
            for change in json.loads(page)["data"]:
                arrived[change["attributes"]["resourceId"]] = now

    reader = threading.Thread(target=follow)
    reader.start()
    stamp = time.time_ns()
    for number in range(commits):
        waiting.acquire()
        body = {"data": {"type": "customergroups", "attributes": {"name": f"Bench {stamp} {number}"}}}
        answer = json.loads(server.send(GROUPS, json.dumps(body)))
        delays.append((answer["data"]["id"], time.monotonic()))
        # The next commit falls at any moment between two looks of the sequencer.
        time.sleep(0.05 + (number * 7 % 41) / 1000)
    reader.join()
    return [max(0, arrived[record] - answered) * 1000 for record, answered in delays]


def cursor(document, link):
    url = json.loads(document)["links"][link]
    return urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["page[after]"][0]


def far_down(server):
    """A cursor with thousands of changes before and behind it."""
    after = ""
    for _ in range(20):
        after = cursor(server.send(f"/admin/api/changes?page%5Bafter%5D={after}&page%5Bsize%5D=1000"), "next")
    return after


if __name__ == "__main__":
    main()
