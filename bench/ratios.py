#!/usr/bin/env python3
"""Measures what authentication, the limit of requests and TLS cost, each against doing without in the same run.

    bench/ratios.py [--seconds 10] [--connections 16] [--scale 1.0] [--rounds 3] [--binary target/release/entrepot]

Works on the data of bench/run.py (target/bench), and makes them where they are not there yet. Needs Python 3, wrk, openssl,
Postgres and, for HTTP/2, h2load (Debian: apt-get install wrk openssl postgresql nghttp2-client), and a release build.

Authentication and the limit are measured where nothing else is done: a route that does not exist is 404 with the same
document below the API, where the caller is recognised first, and outside of it, where nobody asks who it is. Each way is
measured in every round, and a figure is the median of the rounds.
"""

import base64
import contextlib
import datetime
import hashlib
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse

import run

PORT = run.PORT + 1
NONE, API = "/nothing-here", "/admin/api/nothing-here"
PAGE = "/admin/api/products?page%5Bsize%5D=25"


def main():
    options = arguments()
    for tool in ("wrk", "psql", "openssl"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not installed (Debian: apt-get install wrk openssl postgresql)")
    cluster = run.Cluster(options.folder)
    try:
        cluster.start()
        run.prepare(cluster, options)
        key = api_key(cluster, options)
        ways = authentication(options, key) + limit(options) + tls(options)
        for way in ways:
            way.rounds = []
        for _ in range(options.rounds):
            for limited in (False, True):
                with server(cluster, options, limited) as serving:
                    for way in ways:
                        if way.limited == limited:
                            way.rounds.append(way.measure(serving, cluster, options))
                            print(f"{way.title}: {way.rounds[-1]['server']:.0f} µs", file=sys.stderr)
        report(ways)
    finally:
        cluster.stop()


def arguments():
    parser = run.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    return run.parsed(parser)


@contextlib.contextmanager
def server(cluster, options, limited):
    folder = options.folder
    if not (folder / "tls.crt").exists():
        command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=localhost"
        files = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
        subprocess.run(["openssl", *command.split(), *files], check=True, capture_output=True)
    variables = {
        "ENTREPOT_HTTP_TLS_LISTEN": f"127.0.0.1:{PORT}",
        "ENTREPOT_HTTP_TLS_CERTIFICATE": str(folder / "tls.crt"), "ENTREPOT_HTTP_TLS_KEY": str(folder / "tls.key"),
    }  # fmt: skip
    if limited:
        # On, and out of reach.
        variables |= {"ENTREPOT_LIMITS_REQUEST_RATE": "1000000", "ENTREPOT_LIMITS_REQUEST_BURST": "1000000"}
    with run.Server(cluster, options, **variables) as serving:
        yield serving


def api_key(cluster, options):
    """The key of the user `bench`, for WSSE."""
    path = options.folder / "api_key"
    if not path.exists():
        environment = {**os.environ, "DATABASE_URL": cluster.url(), "ENTREPOT_SECRET_KEY_FILE": str(options.folder / "secret_key")}
        command = [options.binary, "apikey", "create", "bench"]
        text = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, cwd=options.folder).stdout
        path.write_text(max(re.findall(r"[A-Za-z0-9_+/=-]{32,}", text), key=len))
    return path.read_text()


class Way:
    """One way of asking. `headers` are fixed, or wrk's Lua sets them; `over` is `http`, `https` or `h2`."""

    def __init__(self, title, path, status, against=None, over="http", token=True, lua=None, limited=False, form=None):
        self.title, self.path, self.status, self.against, self.over = title, path, status, against, over
        self.token, self.lua, self.limited, self.form = token, lua, limited, form

    def measure(self, serving, cluster, options):
        headers = {"Accept": run.JSON_API}
        if self.token:
            headers["Authorization"] = f"Bearer {serving.token}"
        base = serving.base if self.over == "http" else f"https://127.0.0.1:{PORT}"
        before = run.seconds(serving.process.pid), cluster.cpu()
        rate, requests = (h2load if self.over == "h2" else wrk)(self, base + self.path, headers, serving, options)
        after = run.seconds(serving.process.pid), cluster.cpu()
        of_server, of_database = (1e6 * (b - a) / requests for a, b in zip(before, after))
        return {"rate": rate, "server": of_server, "database": of_database}

    def median(self, name):
        return statistics.median(each[name] for each in self.rounds)


def wrk(way, url, headers, serving, options):
    script = options.folder / "ratio.lua"
    lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    if way.form:
        form = urllib.parse.urlencode({**way.form, "client_secret": serving.secret})
        lines += ['wrk.method = "POST"', f'wrk.body = "{form}"', 'wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"']
    lines += [way.lua(options)] if way.lua else []
    script.write_text("\n".join(lines))
    command = ["wrk", "-t2", f"-c{options.connections}", f"-d{options.seconds}s", "-s", str(script), url]
    text = subprocess.run(command, capture_output=True, text=True).stdout
    requests = int(re.search(r"(\d+) requests in", text)[1])
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = int(failed[1]) if failed else 0
    if failed != (0 if way.status == 200 else requests):
        print(f"{way.title}: not every answer is {way.status}\n{text}", file=sys.stderr)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), requests


def h2load(way, url, headers, serving, options):
    given = [f"--header={name}: {value}" for name, value in headers.items()]
    command = ["h2load", "-t2", f"-c{options.connections}", "-m1", f"-D{options.seconds}", *given, url]
    text = subprocess.run(command, capture_output=True, text=True).stdout
    requests = int(re.search(r"(\d+) done", text)[1])
    if f"{requests} {str(way.status)[0]}xx" not in text:
        print(f"{way.title}: not every answer is {way.status}\n{text}", file=sys.stderr)
    return float(re.search(r"([\d.]+) req/s", text)[1]), requests


def authentication(options, key):
    none = Way("nobody asks who calls", NONE, 404, token=False)
    return [
        none,
        Way("bearer token", API, 404, none),
        Way("WSSE", API, 404, none, token=False, lua=lambda options: wsse(options, key)),
        Way("a token request (client credentials)", "/oauth2-token", 200, none, token=False,
            form={"grant_type": "client_credentials", "client_id": "bench"}),
    ]  # fmt: skip


def wsse(options, key):
    """Headers that work once, more than a round can use, for two threads; and the Lua that takes one after the other."""
    created = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = []
    for _ in range(4000 * options.seconds):
        nonce = os.urandom(16)
        digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + key.encode()).digest()).decode()
        encoded = base64.b64encode(nonce).decode()
        lines.append(f'UsernameToken Username="bench", PasswordDigest="{digest}", Nonce="{encoded}", Created="{created}"')
    path = options.folder / "wsse.txt"
    path.write_text("\n".join(lines))
    return f"""
        local thread, tokens, next = 0, {{}}, 0
        setup = function(t) thread = thread + 1; t:set("number", thread) end
        init = function()
            local n = 0
            for line in io.lines("{path}") do
                n = n + 1
                if n % 2 == number % 2 then tokens[#tokens + 1] = line end
            end
        end
        request = function()
            next = next + 1
            wrk.headers["X-WSSE"] = tokens[next]
            return wrk.format()
        end
    """


def limit(options):
    off = Way("bearer token, no limit", API, 404)
    return [off, Way("bearer token, limit of requests on", API, 404, off, limited=True)]


def tls(options):
    ways = []
    for path, status, what in [(API, 404, "a small answer"), (PAGE, 200, "25 products")]:
        plain = Way(f"{what}, plain HTTP/1.1", path, status)
        ways += [plain, Way(f"{what}, TLS, HTTP/1.1", path, status, plain, over="https")]
        if shutil.which("h2load"):
            ways.append(Way(f"{what}, TLS, HTTP/2", path, status, plain, over="h2"))
        else:
            print("h2load is not installed: HTTP/2 is left out", file=sys.stderr)
    return ways


def report(ways):
    print(f"\nCommit {run.commit()}, {os.cpu_count()} cores. µs: processor time of a request in the server + in Postgres.\n")
    print("| way | requests /s | µs | against | more µs | ratio |")
    print("|---|---:|---:|---|---:|---:|")
    for way in ways:
        used = way.median("server") + way.median("database")
        columns = f"| {way.title} | {way.median('rate'):,.0f} | {way.median('server'):.0f} + {way.median('database'):.0f} |"
        if way.against:
            base = way.against.median("server") + way.against.median("database")
            print(f"{columns} {way.against.title} | {used - base:+.0f} | {used / base:.2f} |")
        else:
            print(f"{columns} | | |")


if __name__ == "__main__":
    main()
