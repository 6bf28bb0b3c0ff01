#!/usr/bin/env python3
"""Measures webhooks: how soon after a write its message comes, how many a second are sent, and what being watched costs a write.

    bench/webhooks.py [--single 300] [--batch 10000] [--rounds 5] [--binary target/release/entrepot]

Works on the data of bench/run.py (target/bench), and makes them where they are not there yet. Needs Python 3, Postgres and a
release build.

Soon: customers are made one after the other, each at another moment between two looks of the dispatcher; the clock runs
from the answer to the POST, which is sent after the commit, until the message is at the receiver: a process of its own that
answers at once. Many: the endpoint is paused while a batch is written, and the clock runs from the end of the pause until the
last message is there. Cost: the same writes with and without a subscription in turn, in one run; messages are sent meanwhile,
on the same machine. Medians of the rounds.
"""

import asyncio
import http.client
import json
import multiprocessing
import re
import shutil
import statistics
import sys
import time

import run

RECORD = re.compile(rb'"eventData":\{.*?"data":\{.*?"id":"(\d+)"')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Arrivals(asyncio.Protocol):
    """One connection of the receiver: answers each request at once, and notes which record it told of."""

    def __init__(self, log):
        self.log, self.pending = log, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.pending += data
        while (end := self.pending.find(b"\r\n\r\n")) >= 0:
            size = end + 4 + int(LENGTH.search(self.pending, 0, end + 2)[1])
            if len(self.pending) < size:
                return
            body, self.pending = self.pending[end + 4 : size], self.pending[size:]
            self.log.append((RECORD.search(body)[1].decode(), time.monotonic()))
            self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


def receive(pipe):
    """The receiver's process: tells its port, then answers each question with what has arrived since the one before."""

    async def serve():
        log = []
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Arrivals(log), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])

        def answer():
            if pipe.recv() is None:
                loop.stop()
            pipe.send(log[:])
            log.clear()

        loop.add_reader(pipe.fileno(), answer)
        await asyncio.Event().wait()

    asyncio.run(serve())


class Receiver:
    def __init__(self):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=receive, args=(other,), daemon=True)
        self.process.start()
        self.url = f"http://127.0.0.1:{self.pipe.recv()}/"

    def wait(self, count):
        """When each record's message arrived, of that many."""
        arrived = {}
        while len(arrived) < count:
            self.pipe.send(True)
            for record, at in self.pipe.recv():
                arrived.setdefault(record, at)
            time.sleep(0.005)
        return arrived


class Api:
    """The server over one connection that stays open."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.base.removeprefix("http://"))
        self.headers = {"Authorization": f"Bearer {server.token}", "Accept": run.JSON_API}

    def send(self, method, path, body=None, kind=run.JSON_API):
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        self.connection.request(method, f"/admin/api{path}", text, {**self.headers, **({"Content-Type": kind} if text else {})})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {content.decode()}")
        return json.loads(content)["data"] if content else None

    def customer(self, name):
        return self.send("POST", "/customers", {"data": {"type": "customers", "attributes": {"name": name}}})["id"]

    def batch(self, names):
        """Seconds that an asynchronous batch of customers takes."""
        lines = "\n".join(json.dumps({"type": "customers", "attributes": {"name": name}}) for name in names)
        began = time.monotonic()
        operation = self.send("PATCH", "/customers", lines, "application/x-ndjson")["id"]
        while (status := self.send("GET", f"/asyncoperations/{operation}")["attributes"]["status"]) != "success":
            if status in ("failed", "cancelled"):
                sys.exit(f"the batch has {status}")
            time.sleep(0.02)
        return time.monotonic() - began

    def subscribe(self, url):
        one = lambda kind, id: {"data": {"type": kind, "id": id}}
        return self.send("POST", "/webhooks", {"data": {
            "type": "webhooks",
            "attributes": {"notificationUrl": url, "secret": "bench"},
            "relationships": {"topic": one("webhooktopics", "customer.created"), "format": one("webhookformats", "default")},
        }})["id"]  # fmt: skip

    def watch(self, webhook, on):
        self.send("PATCH", f"/webhooks/{webhook}", {"data": {"type": "webhooks", "id": webhook, "attributes": {"enabled": on}}})


def main():
    options = run.parser(__doc__)
    options.add_argument("--single", type=int, default=300, help="writes one after the other")
    options.add_argument("--batch", type=int, default=10_000, help="records in a batch")
    options.add_argument("--rounds", type=int, default=5, help="of each way, to compare")
    options = run.parsed(options)
    if not shutil.which("psql"):
        sys.exit("psql is not installed (Debian: apt-get install postgresql)")
    cluster, receiver = run.Cluster(options.folder), Receiver()
    try:
        cluster.start()
        run.prepare(cluster, options)
        settings = {"ENTREPOT_LIMITS_REQUEST_BURST": "0", "ENTREPOT_WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.1/32"}
        with run.Server(cluster, options, **settings) as server:
            api = Api(server)
            webhook = api.subscribe(receiver.url)
            try:
                report(options, soon(api, receiver, options), many(cluster, api, receiver, options), cost(api, receiver, webhook, options))
            finally:
                api.send("DELETE", f"/webhooks/{webhook}")
    finally:
        cluster.stop()


def names(count):
    stamp = time.time_ns()
    return [f"Bench {stamp} {number}" for number in range(count)]


def soon(api, receiver, options):
    """Milliseconds from the answer to a write until its message is there."""
    written = {}
    for number, name in enumerate(names(options.single)):
        written[api.customer(name)] = time.monotonic()
        time.sleep(0.02 + (number * 7 % 41) / 1000)
    arrived = receiver.wait(options.single)
    return [max(0, arrived[record] - at) * 1000 for record, at in written.items()]


def many(cluster, api, receiver, options):
    """Messages a second, of those of a batch."""
    cluster.sql("UPDATE webhook_endpoint SET paused_until = 'infinity'")
    api.batch(names(options.batch))
    began = time.monotonic()
    cluster.sql("UPDATE webhook_endpoint SET paused_until = NULL")
    arrived = receiver.wait(options.batch)
    return options.batch / (max(arrived.values()) - began)


def cost(api, receiver, webhook, options):
    """Of single writes the milliseconds, of a batch the records a second: without and with a subscription."""
    singles, batches = {False: [], True: []}, {False: [], True: []}
    for _ in range(options.rounds):
        for watched in (False, True):
            api.watch(webhook, watched)
            began = time.monotonic()
            for name in names(options.single):
                api.customer(name)
            singles[watched].append((time.monotonic() - began) / options.single * 1000)
            if watched:
                receiver.wait(options.single)
            batches[watched].append(options.batch / api.batch(names(options.batch)))
            if watched:
                receiver.wait(options.batch)
    middle = lambda of: {watched: statistics.median(rounds) for watched, rounds in of.items()}
    return middle(singles), middle(batches)


def report(options, delays, rate, costs):
    cuts = statistics.quantiles(delays, n=100)
    (single, batch) = costs
    print(f"commit {run.commit()}, {options.single} single writes, batches of {options.batch}, {options.rounds} rounds")
    print("| what | here | wanted |\n|---|---:|---:|")
    print(f"| write to first attempt, 50 % | {cuts[49]:.0f} ms | |")
    print(f"| 95 % | {cuts[94]:.0f} ms | < 1,000 ms |")
    print(f"| 99 % | {cuts[98]:.0f} ms | |")
    print(f"| messages a second to one endpoint | {rate:,.0f} | |")
    print(f"| a single write, unwatched and watched | {single[False]:.2f} and {single[True]:.2f} ms ({single[True] / single[False]:.2f}) | |")
    print(f"| records a second of a batch, unwatched and watched | {batch[False]:,.0f} and {batch[True]:,.0f} ({batch[False] / batch[True]:.2f}) | |")


if __name__ == "__main__":
    main()
