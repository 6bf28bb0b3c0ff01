#!/usr/bin/env python3
"""Measures the change feed: how many rows a second are numbered, how soon a commit is seen, and how quickly pages are read.

    bench/feed.py [--rows 200000] [--commits 200] [--waiters 500] [--seconds 10] [--connections 16]
                  [--binary target/release/entrepot]

Works on the data of bench/run.py (target/bench), and makes them where they are not there yet. Needs Python 3, wrk, Postgres
and a release build.

Numbered: change rows are inserted by one statement, in one transaction; the clock runs from its commit until the last row
has a position. Readable: a group is created over HTTP, one after the other, while a request waits for it (wait=30); the
clock runs from the commit, as Postgres has noted it (track_commit_timestamp; noted before the commit is on the disk, so
this is on the long side), until the waiting request is answered. Once with nobody else, and once while --waiters event
streams wait for the same changes. Read: a page of 1,000 changes, by wrk, against pgbench with the server's own statement.
"""

import json
import selectors
import shutil
import socket
import statistics
import sys
import threading
import time
import urllib.parse

import run

GROUPS = "/admin/api/customergroups"


class Cluster(run.Cluster):
    SETTINGS = {**run.Cluster.SETTINGS, "track_commit_timestamp": "on"}


def main():
    options = run.parser(__doc__)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--commits", type=int, default=200)
    options.add_argument("--waiters", type=int, default=500)
    options = run.parsed(options)
    for tool in ("wrk", "psql"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not installed (Debian: apt-get install wrk postgresql)")
    cluster = Cluster(options.folder)
    try:
        cluster.start()
        run.prepare(cluster, options)
        with run.Server(cluster, options, ENTREPOT_LIMITS_REQUEST_BURST="0") as server:
            print(f"commit {run.commit()}, {options.commits} commits, {options.seconds} s of pages")
            print("| what | here | wanted |\n|---|---|---|")
            row("rows numbered a second", f"{numbered(cluster, options.rows):,.0f}")
            row("commit to readable, p50 / p95 / p99", quantiles(readable(server, cluster, options.commits)), "100 ms")
            before = server.memory()
            with Waiters(server, options.waiters) as waiters:
                each = (server.memory() - before) / max(1, options.waiters)
                title = f"the same while {options.waiters:,} streams wait for the same changes"
                row(title, quantiles(readable(server, cluster, options.commits)))
                told = waiters.told(options.commits)
            row("changes told to these streams, of those committed", f"{told:.0%}")
            row("memory of each who waits", f"{each:.1f} KiB")
            path = f"/admin/api/changes?page%5Bafter%5D={far_down(server)}&page%5Bsize%5D=1000"
            page = run.Scenario("changes", "1,000 changes", None, path)
            _, http, (database, database_cpu), _, size = run.measure(server, cluster, options, page)
            row("pages of 1,000 changes a second", f"{http['rate']:,.0f} ({size:,} bytes)")
            row("rows read a second", f"{1000 * http['rate']:,.0f}")
            row("of pgbench, by processor time", f"{sum(database_cpu) / sum(http['cpu']):.0%} ({http['rate'] / database:.0%} by rate)")
            row("processor time of a page: server, Postgres, wrk", " + ".join(f"{part:.2f}" for part in http["cpu"]) + " ms")
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


def readable(server, cluster, commits):
    """Milliseconds from a commit until a waiting reader has the change."""
    after = cursor(server.send("/admin/api/changes?page%5Bsize%5D=0"), "last")
    arrived, waiting = {}, threading.Semaphore(0)

    def follow():
        nonlocal after
        while len(arrived) < commits:
            waiting.release()
            page = server.send(f"/admin/api/changes?filter%5Btype%5D=customergroups&page%5Bafter%5D={after}&wait=30")
            now = time.time()
            after = cursor(page, "next")
            for change in json.loads(page)["data"]:
                arrived[change["attributes"]["resourceId"]] = now

    reader = threading.Thread(target=follow)
    reader.start()
    stamp = time.time_ns()
    for number in range(commits):
        waiting.acquire()
        body = {"data": {"type": "customergroups", "attributes": {"name": f"Bench {stamp} {number}"}}}
        server.send(GROUPS, json.dumps(body))
        # The next commit falls at any moment between two looks of the sequencer.
        time.sleep(0.05 + (number * 7 % 41) / 1000)
    reader.join()
    found = cluster.sql(f"""
        SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) FROM customer_group WHERE name LIKE 'Bench {stamp} %'""")
    committed = dict(line.split("|") for line in found.splitlines())
    return [(arrived[record] - float(moment)) * 1000 for record, moment in committed.items()]


class Waiters:
    """Event streams that follow groups, read by a thread of their own."""

    def __init__(self, server, count):
        self.events, self.ended, self.sockets = 0, False, []
        address = server.base.removeprefix("http://").split(":")
        request = (
            f"GET /admin/api/changes?filter%5Btype%5D=customergroups HTTP/1.1\r\nHost: {address[0]}\r\n"
            f"Authorization: Bearer {server.token}\r\nAccept: text/event-stream\r\n\r\n"
        ).encode()
        for _ in range(count):
            stream = socket.create_connection((address[0], int(address[1])))
            stream.sendall(request)
            answer = b""
            while b"\nid: " not in answer:
                part = stream.recv(65536)
                if not part or b"\r\n\r\n" in answer and b" 200 " not in answer.split(b"\r\n")[0]:
                    sys.exit(f"a stream was refused: {answer.decode()}")
                answer += part
            self.sockets.append(stream)
        self.count = count

    def __enter__(self):
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.reader.join()
        for stream in self.sockets:
            stream.close()

    def read(self):
        selector = selectors.DefaultSelector()
        for stream in self.sockets:
            selector.register(stream, selectors.EVENT_READ)
        while not self.ended:
            for key, _ in selector.select(0.2):
                self.events += key.fileobj.recv(1 << 20).count(b"event: change")

    def told(self, commits):
        """The share of all events that has come, a while after the last commit."""
        end = time.monotonic() + 20
        while self.events < self.count * commits and time.monotonic() < end:
            time.sleep(0.1)
        return self.events / max(1, self.count * commits)


def quantiles(delays):
    cuts = statistics.quantiles(delays, n=100)
    return " / ".join(f"{cuts[place - 1]:.1f}" for place in (50, 95, 99)) + " ms"


def row(what, here, wanted=""):
    print(f"| {what} | {here} | {wanted} |", flush=True)


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
