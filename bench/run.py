#!/usr/bin/env python3
"""Measures the server against pgbench with the server's own statements, on a private Postgres, and prints one table.

    bench/run.py [--seconds 10] [--connections 16] [--scale 1.0] [--only NAME ..] [--binary target/release/entrepot]

The first run makes the data (bench/generate.py) in target/bench; later runs use it again unless --fresh is given. Needs
Python 3, wrk and Postgres (Debian: apt-get install wrk postgresql), and a release build (cargo build --release).

For each request: the server answers it over HTTP from wrk, with a bearer token, rights and log on. Then the statements
that one such request caused are taken from Postgres' log, and pgbench repeats them, prepared, over as many connections.
"""

import argparse
import json
import os
import pathlib
import re
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PORT = 18099
JSON_API = "application/vnd.api+json"
# What the server does beside requests: numbering changes, looking for them, running jobs, sending webhooks.
BACKGROUND = re.compile(
    r"change_sequencer|change_id_seq|position IS NULL|\bjob(_worker)?\b|FROM change_feed WHERE organization_id = ANY|webhook_delivery|AS busy \(endpoint",
    re.I,
)


def main():
    options = arguments()
    for tool in ("wrk", "psql"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not installed (Debian: apt-get install wrk postgresql)")
    cluster = Cluster(options.folder)
    try:
        cluster.start()
        prepare(cluster, options)
        with Server(cluster, options) as server:
            started = server.started
            idle = server.memory()
            scenarios = [scenario for scenario in all_scenarios(server) if not options.only or scenario.name in options.only]
            rows = [measure(server, cluster, options, scenario) for scenario in scenarios]
            loaded = server.peak
            flat = None if options.only else combinations(server, cluster, options)
        report(rows, started, idle, loaded, flat)
    finally:
        cluster.stop()


def arguments():
    options = parser(__doc__)
    options.add_argument("--combinations", type=int, default=100_000)
    options.add_argument("--only", nargs="*")
    return parsed(options)


def parser(about):
    """What every measurement takes."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 100,000 products, 1,000,000 prices, 100,000 orders")
    parser.add_argument("--binary", default=str(ROOT / "target/release/entrepot"))
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "target/bench")
    parser.add_argument("--fresh", action="store_true")
    return parser


def parsed(parser):
    options = parser.parse_args()
    if options.fresh:
        shutil.rmtree(options.folder, ignore_errors=True)
    options.folder, options.binary = options.folder.resolve(), os.path.abspath(options.binary)
    return options


class Cluster:
    """A Postgres of its own, in the folder, on a socket; its log is read to learn the server's statements."""

    SETTINGS = {
        "listen_addresses": "", "shared_buffers": "512MB", "max_wal_size": "4GB", "max_connections": "60",
        "logging_collector": "on", "log_destination": "jsonlog", "log_directory": "log", "log_filename": "postgres",
        "log_rotation_age": "0", "log_rotation_size": "0", "log_parameter_max_length": "-1", "checkpoint_timeout": "30min",
    }  # fmt: skip

    def __init__(self, folder):
        self.folder = folder.resolve()
        self.data = self.folder / "postgres"
        self.sockets = pathlib.Path("/tmp") / f"entrepot-bench-{os.getpid()}"
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin")) or [pathlib.Path(shutil.which("initdb") or "").parent]
        self.bin = found[-1]
        self.role = []
        if os.geteuid() == 0:
            self.role = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "env", "HOME=/"]

    def tool(self, name, *arguments, **more):
        return subprocess.run([*self.role, str(self.bin / name), *arguments], check=True, cwd="/", **more)

    def start(self):
        self.data.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700)
        if self.role:
            shutil.chown(self.data, "postgres", "postgres")
            shutil.chown(self.sockets, "postgres", "postgres")
        if not (self.data / "PG_VERSION").exists():
            self.data.chmod(0o700)
            self.tool("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", stdout=subprocess.DEVNULL)
        settings = " ".join(f"-c {name}='{value}'" for name, value in {**self.SETTINGS, "unix_socket_directories": self.sockets}.items())
        self.tool("pg_ctl", "-D", str(self.data), "-w", "-o", settings, "start", stdout=subprocess.DEVNULL)

    def stop(self):
        subprocess.run([*self.role, str(self.bin / "pg_ctl"), "-D", str(self.data), "-m", "fast", "stop"], cwd="/", stdout=subprocess.DEVNULL)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def url(self, database="bench"):
        return f"postgres://postgres@{urllib.parse.quote(str(self.sockets), safe='')}/{database}"

    def sql(self, statement, database="bench"):
        # By standard input: an argument has a limit, and lists of ids do not.
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url(database)]
        return subprocess.run(command, input=statement, check=True, capture_output=True, text=True).stdout.strip()

    def statements_of(self, request):
        """The statements that a call of `request` causes: (SQL, parameters as text or None)."""
        log = self.data / "log" / "postgres.json"
        self.sql("ALTER SYSTEM SET log_statement = 'all'", "postgres")
        self.sql("SELECT pg_reload_conf()", "postgres")
        time.sleep(1)
        request()  # The caller is known again after this one.
        time.sleep(0.3)
        begin = log.stat().st_size
        answer = request()
        time.sleep(0.5)
        with log.open() as lines:
            lines.seek(begin)
            entries = [json.loads(line) for line in lines]
        self.sql("ALTER SYSTEM RESET log_statement", "postgres")
        self.sql("SELECT pg_reload_conf()", "postgres")
        time.sleep(1)
        found, opened = [], {}
        for entry in entries:
            match = re.match(r"(?:execute [^:]+|statement): (.*)", entry.get("message", ""), re.S)
            if not match or entry.get("dbname") != "bench" or BACKGROUND.search(match[1]):
                continue
            statement, session = (match[1].strip(), parameters(entry.get("detail", ""))), entry["pid"]
            # A transaction counts once there is something in it: those of the server's own services are empty here.
            if statement[0].startswith("BEGIN"):
                opened[session] = statement
            elif statement[0] in ("COMMIT", "ROLLBACK") and opened.pop(session, None):
                continue
            else:
                if session in opened:
                    found.append(opened.pop(session))
                found.append(statement)
        return found, answer

    def cpu(self):
        """Seconds of processor time that Postgres has used, ended connections included."""
        postmaster = (self.data / "postmaster.pid").read_text().split()[0]
        used = seconds(postmaster) + seconds(postmaster, children=True)
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return used + sum(seconds(child) for child in children)

    def backends(self):
        """Resident memory of all server connections, kB."""
        pids = self.sql("SELECT pid FROM pg_stat_activity WHERE application_name <> 'psql' AND datname = 'bench'").split()
        return sum(private(int(pid)) for pid in pids)


def parameters(detail):
    """`parameters: $1 = '1', $2 = NULL` as a list."""
    return [
        None if value == "NULL" else value[1:-1].replace("''", "'")
        for value in re.findall(r"\$\d+ = (NULL|'(?:[^']|'')*')", detail.partition("arameters: ")[2])
    ]


def seconds(pid, children=False):
    """Processor time of a process, or of its children that have ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    user, system = (fields[13], fields[14]) if children else (fields[11], fields[12])
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def client_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def private(pid):
    """kB that the process alone holds: what it shares (shared_buffers, code) would be counted for each."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kb) for kb in re.findall(r"Private_\w+:\s+(\d+) kB", text))


def install(cluster, options):
    """A migrated database with an organization and a client; the answer runs commands of the server on it."""
    databases = cluster.sql("SELECT datname FROM pg_database", "postgres").split()
    if "bench" not in databases:
        cluster.sql("CREATE DATABASE bench", "postgres")
    secret = options.folder / "secret_key"
    if not secret.exists():
        secret.write_text(secrets.token_hex(32))
    environment = {**os.environ, "DATABASE_URL": cluster.url(), "ENTREPOT_SECRET_KEY_FILE": str(secret)}
    run = lambda *arguments: subprocess.run([options.binary, *arguments], env=environment, check=True, capture_output=True, text=True, cwd=options.folder)
    run("migrate")
    if cluster.sql("SELECT count(*) FROM app_user WHERE username = 'bench'") == "0":
        run("user", "create", "bench", "--email", "bench@bench.example", "--organization", "Bench", "--no-password")
        (options.folder / "client_secret").write_text(secrets.token_urlsafe(32))
        run("client", "create", "--name", "Bench", "--user", "bench", "--id", "bench", "--secret-file", str(options.folder / "client_secret"))
    return run


def prepare(cluster, options):
    run = install(cluster, options)
    if cluster.sql("SELECT count(*) FROM product") == "0":
        size = lambda count: str(max(1, round(count * options.scale)))
        subprocess.run(
            [ROOT / "bench/generate.py", cluster.url(), "--products", size(100_000), "--customers", size(20_000), "--orders", size(100_000)],
            check=True,
        )  # fmt: skip
    if cluster.sql("SELECT count(*) FROM oauth_client WHERE id = 'bench-shop'") == "0":
        every = {permission: "division" for permission in ("VIEW", "CREATE", "EDIT", "DELETE", "ASSIGN")}
        buyer = cluster.sql(f"""
            WITH buyer AS (SELECT organization_id, id, email FROM customer_user ORDER BY id LIMIT 1),
            role AS (INSERT INTO customer_user_role (organization_id, role, label, permissions)
                SELECT organization_id, 'ROLE_FRONTEND_BENCH', 'Bench', '{json.dumps({"*": every})}' FROM buyer RETURNING id),
            link AS (INSERT INTO customer_user_customer_user_role (organization_id, customer_user_id, customer_user_role_id)
                SELECT buyer.organization_id, buyer.id, role.id FROM buyer, role)
            SELECT email FROM buyer""")
        run("client", "create", "--name", "Bench shop", "--api", "storefront", "--customer-user", buyer, "--id", "bench-shop",
            "--secret-file", str(options.folder / "client_secret"))  # fmt: skip


class Server:
    """The server under measurement, as an operator would start it."""

    def __init__(self, cluster, options, **variables):
        self.base = f"http://127.0.0.1:{PORT}"
        self.cluster = cluster
        self.secret = (options.folder / "client_secret").read_text()
        environment = {
            **os.environ, "DATABASE_URL": cluster.url(), "ENTREPOT_SECRET_KEY_FILE": str(options.folder / "secret_key"),
            "ENTREPOT_HTTP_LISTEN": f"127.0.0.1:{PORT}",
            # One client asks everything, far faster than one client may by default.
            "ENTREPOT_LIMITS_REQUEST_RATE": "0", **variables,
        }  # fmt: skip
        log = (options.folder / "server.log").open("w")
        began = time.monotonic()
        self.process = subprocess.Popen([options.binary, "serve"], env=environment, stdout=log, stderr=log, cwd=options.folder)
        while True:
            try:
                urllib.request.urlopen(f"{self.base}/health/ready").read()
                break
            except (urllib.error.URLError, ConnectionError):
                if self.process.poll() is not None or time.monotonic() - began > 30:
                    sys.exit(f"the server did not start; see {log.name}")
                time.sleep(0.01)
        self.started = time.monotonic() - began
        self.peak = 0
        self.token = self.get_token("bench")
        self.shop_token = self.get_token("bench-shop")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(40)

    def get_token(self, client):
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": client, "client_secret": self.secret}).encode()
        return json.load(urllib.request.urlopen(f"{self.base}/oauth2-token", form))["access_token"]

    def memory(self):
        """Resident memory, kB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1])

    def token_for(self, path):
        return self.shop_token if path.startswith("/api/") else self.token

    def send(self, path, body=None):
        headers = {"Authorization": f"Bearer {self.token_for(path)}", "Accept": JSON_API}
        if body is not None:
            headers["Content-Type"] = JSON_API
        request = urllib.request.Request(self.base + path, body.encode() if body else None, headers)
        try:
            return urllib.request.urlopen(request).read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{path}: {error.code} {error.read().decode()}")


class Scenario:
    """`path` is the request; `lua`, where it varies, gives wrk's; `variables` vary pgbench's parameters of that text."""

    def __init__(self, name, title, target, path, body=None, lua=None, variables=()):
        self.name, self.title, self.target, self.path, self.body, self.lua = name, title, target, path, body, lua
        self.variables = dict(variables)


def all_scenarios(server):
    first, last = (int(server.cluster.sql(f"SELECT {end}(id) FROM product")) for end in ("min", "max"))
    any_product = first + (last - first) // 2
    customer = server.cluster.sql("SELECT min(id) FROM customer")
    website = server.cluster.sql("SELECT min(id) FROM website")
    some = ",".join(server.cluster.sql(f"SELECT id FROM product WHERE id >= {any_product} ORDER BY id LIMIT 25").split())
    prices = f"filter%5Bcustomer%5D={customer}&filter%5Bwebsite%5D={website}&filter%5Bproduct%5D={some}"
    units = server.cluster.sql(f"SELECT string_agg(unit_code, ',' ORDER BY product_id) FROM product_unit_precision WHERE product_id < {first + 3}").split(",")
    page = "page%5Bsize%5D=25"
    deep = f"/admin/api/products?{page}&page%5Bafter%5D={deep_cursor(server, page)}"
    order = json.dumps({
        "data": {"type": "orders", "attributes": {"currency": "USD"}, "relationships": {
            "customer": {"data": {"type": "customers", "id": customer}},
            "lineItems": {"data": [{"type": "orderlineitems", "id": f"line{n}"} for n in range(3)]},
        }},
        "included": [{
            "type": "orderlineitems", "id": f"line{n}",
            "attributes": {"quantity": n + 1, "value": "10.0000", "currency": "USD"},
            "relationships": {"product": {"data": {"type": "products", "id": str(first + n)}},
                              "productUnit": {"data": {"type": "productunits", "id": units[n]}}},
        } for n in range(3)],
    })  # fmt: skip
    by_id = f"""
        math.randomseed(os.time())
        request = function()
            return wrk.format("GET", "/admin/api/products/" .. math.random({first}, {last}))
        end
    """
    return [
        Scenario("products-3", "25 products, three relationships' ids", 60,
                 f"/admin/api/products?{page}&fields%5Bproducts%5D=sku,status,createdAt,names,unitPrecisions,category"),
        Scenario("products", "25 products, plain list", 60, f"/admin/api/products?{page}"),
        Scenario("orders", "25 orders, include=lineItems,customer", 50, f"/admin/api/orders?{page}&include=lineItems,customer"),
        Scenario("product", "product by id", 40, f"/admin/api/products/{any_product}", lua=by_id,
                 variables={str(any_product): f"random({first}, {last})"}),
        Scenario("create-order", "create an order with three lines", 40, "/admin/api/orders", body=order),
        Scenario("shop-products", "25 products in the storefront, as a customer user", None, f"/api/products?{page}"),
        Scenario("customer-prices", "a customer's prices of 25 products", None, f"/admin/api/customerprices?{prices}"),
        Scenario("cursor-first", "25 products by cursor, first page", None, f"/admin/api/products?{page}&page%5Bafter%5D="),
        Scenario("cursor-deep", "25 products by cursor, far down", None, deep),
    ]  # fmt: skip


def deep_cursor(server, page):
    """A cursor nine tenths down: that of a record there, which a page that holds only it shows."""
    first, last = (int(server.cluster.sql(f"SELECT {end}(id) FROM product")) for end in ("min", "max"))
    at = first + (last - first) * 9 // 10
    path = f"/admin/api/products?page%5Bsize%5D=1&page%5Bafter%5D=&filter%5Bid%5D%5Bgte%5D={at}&fields%5Bproducts%5D=sku"
    cursor = json.loads(server.send(path))["data"][0]["meta"]["page"]["cursor"]
    whole = f"/admin/api/products?page%5Bsize%5D=1&page%5Bafter%5D={cursor}"
    headers = {"Authorization": f"Bearer {server.token}", "Accept": JSON_API}
    try:
        urllib.request.urlopen(urllib.request.Request(server.base + whole, headers=headers)).read()
        return cursor
    except urllib.error.HTTPError:
        # Cursors are bound to sort and filters: walk down in pages of 1,000.
        after = ""
        for _ in range(max(1, (at - first) // 1000)):
            path = f"/admin/api/products?page%5Bsize%5D=1000&page%5Bafter%5D={after}&fields%5Bproducts%5D="
            after = json.loads(server.send(path))["data"][-1]["meta"]["page"]["cursor"]
        return after


def measure(server, cluster, options, scenario):
    for _ in range(64):
        answer = server.send(scenario.path, scenario.body)
    before = seconds(server.process.pid), cluster.cpu(), client_cpu()
    http = wrk(server, options, scenario)
    after = seconds(server.process.pid), cluster.cpu(), client_cpu()
    http["cpu"] = [1000 * (b - a) / http["requests"] for a, b in zip(before, after)]
    server.peak = max(server.peak, http["memory"])
    statements, answer = cluster.statements_of(lambda: server.send(scenario.path, scenario.body))
    before = cluster.cpu(), client_cpu()
    database, transactions = pgbench(cluster, options, scenario, statements, answer)
    time.sleep(0.5)
    after = cluster.cpu(), client_cpu()
    database_cpu = [1000 * (b - a) / transactions for a, b in zip(before, after)]
    print(f"{scenario.title}: {http['rate']:,.0f}/s, pgbench {database:,.0f}/s", file=sys.stderr)
    return scenario, http, (database, database_cpu), len(statements), len(answer)


def wrk(server, options, scenario):
    script = options.folder / f"{scenario.name}.lua"
    lines = [
        f'wrk.headers["Authorization"] = "Bearer {server.token_for(scenario.path)}"',
        f'wrk.headers["Accept"] = "{JSON_API}"',
    ]
    if scenario.body:
        lines += ['wrk.method = "POST"', f"wrk.body = [==[{scenario.body}]==]", f'wrk.headers["Content-Type"] = "{JSON_API}"']
    if scenario.lua:
        lines.append(scenario.lua)
    script.write_text("\n".join(lines))
    command = ["wrk", "-t2", f"-c{options.connections}", f"-d{options.seconds}s", "--latency", "-s", str(script), server.base + scenario.path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    memory = 0
    while process.poll() is None:
        memory = max(memory, server.memory())
        time.sleep(0.2)
    text = process.stdout.read()
    if "Non-2xx" in text:
        print(text, file=sys.stderr)
    latency = {share: value for share, value in re.findall(r"(50|99)%\s+(\S+)", text)}
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), "requests": int(re.search(r"(\d+) requests in", text)[1]), "latency": latency, "memory": memory, "failed": "Non-2xx" in text}


def pgbench(cluster, options, scenario, statements, answer):
    script, defines = script_of(cluster, scenario, statements, answer)
    path = options.folder / f"{scenario.name}.sql"
    path.write_text(script)
    command = [
        str(cluster.bin / "pgbench"), "-n", "-M", "prepared", "-c", str(options.connections), "-j", "2", "-T", str(options.seconds),
        "-f", str(path), *[f"-D{name}={value}" for name, value in defines.items()],
        "-h", str(cluster.sockets), "-U", "postgres", "bench",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if not rate or "aborted" in done.stderr:
        print(done.stdout, done.stderr[:3000], file=sys.stderr)
        return float("nan"), float("nan")
    return float(rate[1]), int(re.search(r"actually processed: (\d+)", done.stdout)[1])


def script_of(cluster, scenario, statements, answer):
    """The statements as a pgbench script. Ids that the request drew from sequences are others each time."""
    lines, defines = [], {}
    vary = {}
    for number, (text, expression) in enumerate(scenario.variables.items()):
        vary[text] = f":vary{number}"
        lines.append(f"\\set vary{number} {expression}")
    for number, id in enumerate(drawn_ids(answer) if scenario.body else []):
        vary[id] = f":drawn{number}"
        lines.append(f"\\set drawn{number} random({10**10}, {10**15})")
    for number, (sql, values) in enumerate(statements):
        sql = " ".join(sql.split())
        casts = casts_of(cluster, sql, values)

        def bound(match):
            index = int(match[1])
            value, cast = values[index - 1], casts[index - 1]
            if value is None:
                return "NULL" + cast
            if value in vary:
                return vary[value] + cast
            items = value[1:-1].split(",") if value.startswith("{") else []
            if any(item in vary for item in items):
                return "ARRAY[" + ",".join(vary.get(item, item) for item in items) + "]" + (cast or "::bigint[]")
            name = f"s{number}p{index}"
            defines[name] = value
            return f":{name}{cast}"

        lines.append(re.sub(r"\$(\d+)", bound, without_colons(sql)) + ";")
    return "\n".join(lines) + "\n", defines


def without_colons(sql):
    """The statement with no colon before a letter in its texts: pgbench would take a variable for it."""
    apart = lambda text: "(" + re.sub(r":(?=\w)", "'||chr(58)||'", text) + ")" if re.search(r":\w", text) else text
    return re.sub(r"'(?:[^']|'')*'", lambda match: apart(match[0]), sql)


def drawn_ids(answer):
    """The ids of the record that a request created, and of its parts."""
    data = json.loads(answer)["data"]
    parts = data["relationships"].get("lineItems", {}).get("data", [])
    return [data["id"], *(part["id"] for part in parts)]


def casts_of(cluster, sql, values):
    """Casts after the parameters, where Postgres cannot tell their types by itself: the server names them, pgbench does
    not. What fits is tried."""
    none = [""] * len(values)
    if not values:
        return none
    guesses = [[f"::{type_of(value, lists)}" for value in values] for lists in ("bigint[]", "text[]")]
    for casts in [none, *guesses, casts_of_insert(cluster, sql)]:
        if len(casts) == len(values):
            text = re.sub(r"\$(\d+)", lambda match: match[0] + casts[int(match[1]) - 1], sql)
            command = ["psql", "-XAtq", cluster.url(), "-c", f"PREPARE tried AS {text}"]
            if subprocess.run(command, capture_output=True).returncode == 0:
                return casts
    return none


def casts_of_insert(cluster, sql):
    """Those of `INSERT INTO table (a, b, c) SELECT $1, * FROM unnest($2, $3)`: the columns' types."""
    match = re.match(r'INSERT INTO "(\w+)" \(([^)]*)\) SELECT \$1, \* FROM unnest\(', sql)
    if not match:
        return []
    lines = cluster.sql(f"SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = '{match[1]}'::regclass")
    types = dict(line.split("|") for line in lines.splitlines())
    first, *others = [types[name.strip(' "')] for name in match[2].split(",")]
    return [f"::{first}", *(f"::{type}[]" for type in others)]


def type_of(value, lists):
    if value is None:
        return "text"
    if re.fullmatch(r"\{\d+(,\d+)*\}", value):
        return lists
    for pattern, name in [
        (r"\{.*\}", "text[]"), (r"-?\d+", "bigint"), (r"-?\d+\.\d+", "numeric"), (r"[tf]", "boolean"),
        (r"\d{4}-\d\d-\d\d \d\d:.*", "timestamptz"),
    ]:  # fmt: skip
        if re.fullmatch(pattern, value, re.S):
            return name
    return "text"


def combinations(server, cluster, options):
    """Memory of the server and of its database connections before and after many requests that are all different."""
    script = options.folder / "combinations.lua"
    fields = ["sku", "status", "createdAt", "updatedAt", "featured", "newArrival", "names", "category", "brand", "unitPrecisions"]
    script.write_text(f"""
        wrk.headers["Authorization"] = "Bearer {server.token}"
        wrk.headers["Accept"] = "{JSON_API}"
        local fields = {{{", ".join(f'"{name}"' for name in fields)}}}
        local sorts = {{"id", "-id", "sku", "-sku", "createdAt", "-createdAt", "updatedAt", "-updatedAt"}}
        local operators = {{"gt", "gte", "lt", "lte", "neq"}}
        local n, thread = 0, 0
        setup = function(t) thread = thread + 1; t:set("number", thread) end
        request = function()
            n = n + 1
            local k = n * 2 + number
            local chosen = {{}}
            for bit = 1, #fields do
                if math.floor(k / 2 ^ (bit - 1)) % 2 == 1 then chosen[#chosen + 1] = fields[bit] end
            end
            local rest = math.floor(k / 2 ^ #fields)
            local path = "/admin/api/products?page%5Bsize%5D=5&fields%5Bproducts%5D=" .. table.concat(chosen, ",")
                .. "&sort=" .. sorts[rest % #sorts + 1]
                .. "&filter%5Bid%5D%5B" .. operators[math.floor(rest / #sorts) % #operators + 1] .. "%5D=" .. k
                .. "&filter%5BcreatedAt%5D%5B" .. operators[math.floor(rest / #sorts / #operators) % 4 + 1] .. "%5D=2025-01-01"
            return wrk.format("GET", path)
        end
    """)
    before = server.memory(), cluster.backends()
    sent = 0
    while sent < options.combinations:
        text = subprocess.run(["wrk", "-t2", "-c16", "-d10s", "-s", str(script), server.base], capture_output=True, text=True).stdout
        sent += int(re.search(r"(\d+) requests in", text)[1])
        if "Non-2xx" in text:
            print(text, file=sys.stderr)
            break
    return sent, before, (server.memory(), cluster.backends())


def commit():
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()


def report(rows, started, idle, loaded, flat):
    print(f"\nCommit {commit()}, {os.cpu_count()} cores.\n")
    print("CPU: milliseconds of processor time a request takes in the server + Postgres + wrk, and a transaction in Postgres +")
    print("pgbench. The second ratio compares these sums: it is what the first one is when nothing else runs.\n")
    print("| request | statements | bytes | server /s | 50 % | 99 % | pgbench /s | ratio | CPU, server | CPU, pgbench | ratio by CPU | wanted |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for scenario, http, (database, database_cpu), statements, size in rows:
        share = lambda part, whole: f"{100 * part / whole:.0f} %" if whole == whole else "–"
        split = lambda parts: " + ".join(f"{part:.2f}" for part in parts)
        wanted = f"{scenario.target} %" if scenario.target else ""
        failed = " (failures)" if http["failed"] else ""
        print(f"| {scenario.title}{failed} | {statements} | {size:,} | {http['rate']:,.0f} | {http['latency'].get('50')} | "
              f"{http['latency'].get('99')} | {database:,.0f} | {share(http['rate'], database)} | {split(http['cpu'])} | "
              f"{split(database_cpu)} | {share(sum(database_cpu), sum(http['cpu']))} | {wanted} |")  # fmt: skip
    by_name = {scenario.name: http["rate"] for scenario, http, *_ in rows}
    print(f"\nStart to first answer: {started * 1000:.0f} ms. Memory of the server: {idle / 1024:.0f} MB idle, {loaded / 1024:.0f} MB under load.")
    if "cursor-first" in by_name and "cursor-deep" in by_name:
        print(f"A far page by cursor takes {by_name['cursor-first'] / by_name['cursor-deep']:.2f} times the first one.")
    if flat:
        sent, before, after = flat
        print(f"{sent:,} requests, all different: server {before[0] / 1024:.0f} → {after[0] / 1024:.0f} MB, "
              f"database connections {before[1] / 1024:.0f} → {after[1] / 1024:.0f} MB.")  # fmt: skip


if __name__ == "__main__":
    main()
