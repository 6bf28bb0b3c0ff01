#!/usr/bin/env python3
"""Measures webhooks of a running server: how long after a write the first attempt comes, and how many a second arrive.

    ENTREPOT_WEBHOOKS_ALLOWED_NETWORKS=127.0.0.1/32 entrepot serve --demo
    entrepot client create --name Bench --user admin
    bench/webhooks.py --client CLIENT --secret SECRET [--url http://127.0.0.1:8080] [--single 200] [--many 5000]

The receiver runs in this process and answers at once. Times are from the answer to the write to the arrival of its message.
"""

import argparse
import http.server
import json
import statistics
import threading
import time
import urllib.parse
import urllib.request

arrived = {}


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer in one packet each: without this they wait for each other.
    disable_nagle_algorithm = True

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        arrived.setdefault(body["eventData"]["data"]["id"], time.monotonic())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Api:
    def __init__(self, options):
        self.url = options.url
        form = {"grant_type": "client_credentials", "client_id": options.client, "client_secret": options.secret}
        answer = urllib.request.urlopen(f"{self.url}/oauth2-token", urllib.parse.urlencode(form).encode())
        self.token = json.load(answer)["access_token"]

    def send(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/vnd.api+json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/admin/api{path}", data, headers, method=method)
        answer = urllib.request.urlopen(request).read()
        return json.loads(answer)["data"] if answer else None


def customer(name, children=()):
    data = {"type": "customers", "attributes": {"name": name}}
    if children:
        data["relationships"] = {"children": {"data": [{"type": "customers", "id": label} for label in children]}}
    included = [{"type": "customers", "id": label, "attributes": {"name": label}} for label in children]
    return {"data": data, "included": included} if included else {"data": data}


def wait(count):
    while len(arrived) < count:
        time.sleep(0.005)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--client", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--single", type=int, default=200, help="writes one after the other")
    parser.add_argument("--many", type=int, default=5000, help="records in requests of 500")
    options = parser.parse_args()
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    api = Api(options)
    webhook = api.send("POST", "/webhooks", {"data": {
        "type": "webhooks",
        "attributes": {"notificationUrl": f"http://127.0.0.1:{receiver.server_port}/", "secret": "bench"},
        "relationships": {
            "topic": {"data": {"type": "webhooktopics", "id": "customer.created"}},
            "format": {"data": {"type": "webhookformats", "id": "default"}},
        },
    }})  # fmt: skip
    try:
        written = {}
        for number in range(options.single):
            id = api.send("POST", "/customers", customer(f"single {number}"))["id"]
            written[id] = time.monotonic()
            time.sleep(0.02)
        wait(options.single)
        delays = sorted(max(0, arrived[id] - at) * 1000 for id, at in written.items())
        p95 = delays[int(len(delays) * 0.95)]
        print(f"write to first attempt: median {statistics.median(delays):.0f} ms, p95 {p95:.0f} ms, longest {delays[-1]:.0f} ms")
        total, began = len(arrived), time.monotonic()
        for turn in range(options.many // 500):
            api.send("POST", "/customers", customer(f"many {turn}", [f"c{turn}-{one}" for one in range(499)]))
        wrote = time.monotonic()
        wait(total + options.many // 500 * 500)
        seconds = time.monotonic() - began
        print(f"deliveries: {(len(arrived) - total) / seconds:.0f} a second, the writing of {wrote - began:.1f} s included")
    finally:
        api.send("DELETE", f"/webhooks/{webhook['id']}")


if __name__ == "__main__":
    main()
