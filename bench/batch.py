#!/usr/bin/env python3
"""Measures batches against COPY of the same rows into the same tables, on a private Postgres with fsync on.

    bench/batch.py [--records 200000] [--chunk 1000] [--only prices levels products orders bad] [--direct WRITE_CHUNK]
                   [--binary target/release/entrepot] [--fresh]

Each batch is sent as one body with PATCH to the collection, and its operation is followed until it has ended. COPY writes
as many rows of the same kind, with the table's indexes and foreign keys, in the same run; the ratio of the two says more
than either on a machine that does other things too. Needs Python 3, Postgres and a release build.

`--direct` takes the built benches/write_chunk instead of a server (cargo build --release --bench write_chunk; the file is in
target/release/deps): the chunks are then written without HTTP, storage of the body and queue.
"""

import decimal
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

import run
from run import JSON_API, ROOT, Cluster, Server

DECIMALS = decimal.Decimal("0.0001")


def main():
    options = arguments()
    cluster = Cluster(options.folder)
    try:
        cluster.start()
        command = prepare(cluster, options)
        if options.direct:
            report(scenarios(cluster, options, Direct(cluster, options), command))
        else:
            with Server(cluster, options, ENTREPOT_BATCH_CHUNK_SIZE=str(options.chunk)) as server:
                report(scenarios(cluster, options, Http(cluster, server), command))
    finally:
        cluster.stop()


def arguments():
    parser = run.parser(__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--products", type=int, default=20_000, help="products with their parts that are loaded")
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--chunk", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--direct", type=pathlib.Path)
    parser.add_argument("--only", nargs="*")
    parser.set_defaults(folder=ROOT / "target/bench-batch")
    return run.parsed(parser)


def prepare(cluster, options):
    command = run.install(cluster, options)
    if cluster.sql("SELECT count(*) FROM product") == "0":
        sizes = ["--products", str(options.records), "--prices-per-product", "1", "--customers", "1000", "--orders", "1000"]
        subprocess.run([ROOT / "bench/generate.py", cluster.url(), *sizes], check=True)
    if cluster.sql("SELECT count(*) FROM oauth_client WHERE id = 'bench-shop'") == "0":
        buyer = cluster.sql("SELECT email FROM customer_user ORDER BY id LIMIT 1")
        command("client", "create", "--name", "Bench shop", "--api", "storefront", "--customer-user", buyer, "--id", "bench-shop",
                "--secret-file", str(options.folder / "client_secret"))  # fmt: skip
    return command


class Facts:
    """What records point at."""

    def __init__(self, cluster):
        one = lambda sql: int(cluster.sql(sql))
        self.organization = one("SELECT min(id) FROM organization")
        self.family = one("SELECT min(id) FROM attribute_family")
        self.customer = one("SELECT min(id) FROM customer")
        rows = cluster.sql(
            "SELECT p.product_id, p.id, p.unit_code FROM product_unit_precision p JOIN inventory_level l"
            " ON (l.organization_id, l.product_unit_precision_id) = (p.organization_id, p.id) ORDER BY p.product_id, p.id"
        ).splitlines()
        self.products = [(int(product), int(precision), unit) for product, precision, unit in (row.split("|") for row in rows)]


def link(kind, id):
    return {"data": {"type": kind, "id": str(id)}}


def links(kind, ids):
    return {"data": [{"type": kind, "id": id} for id in ids]}


def price(facts, n, list, bad=None):
    product, _, unit = facts.products[{"duplicate": n - 1, "no right": -1}.get(bad, n)]
    if bad == "unknown product":
        product = 10**12
    return {
        "type": "productprices", "meta": {"upsert": ["priceList", "product", "unit", "quantity", "currency"]},
        "attributes": {"quantity": 1, "value": "dear" if bad == "wrong type" else f"{1 + n % 977}.{n % 100:02}", "currency": "USD"},
        "relationships": {
            "priceList": link("pricelists", 10**12 if bad == "unknown list" else list),
            "product": link("products", product), "unit": link("productunits", unit),
        },
    }, []  # fmt: skip


def level(facts, n, round):
    _, precision, _ = facts.products[n]
    return {
        "type": "inventorylevels", "meta": {"upsert": ["productUnitPrecision"]},
        "attributes": {"quantity": str((n * 7 + round) % 5003)},
        "relationships": {"productUnitPrecision": link("productunitprecisions", precision)},
    }, []  # fmt: skip


def product(facts, n):
    unit = lambda what, code: {
        "type": "productunitprecisions", "id": f"{what}{n}", "attributes": {"precision": 0, "conversionRate": 1},
        "relationships": {"unit": link("productunits", code)},
    }  # fmt: skip
    return {
        "type": "products", "id": f"p{n}", "meta": {"upsert": ["sku"]},
        "attributes": {"sku": f"LOAD-{n:07}", "status": "enabled", "productType": "simple"},
        "relationships": {
            "names": links("productnames", [f"n{n}"]), "descriptions": links("productdescriptions", [f"d{n}"]),
            "unitPrecisions": links("productunitprecisions", [f"u{n}", f"v{n}"]),
            "primaryUnitPrecision": link("productunitprecisions", f"u{n}"),
            "inventory_status": link("prodinventorystatuses", "in_stock"),
            "attributeFamily": link("attributefamilies", facts.family),
        },
    }, [
        {"type": "productnames", "id": f"n{n}", "attributes": {"string": f"Product {n}"}},
        {"type": "productdescriptions", "id": f"d{n}", "attributes": {"wysiwyg": f"<p>It is number {n}.</p>"}},
        unit("u", "item"), unit("v", "set"),
    ]  # fmt: skip


def order(facts, n):
    lines = []
    for line in range(3):
        product, _, unit = facts.products[(n * 3 + line) % len(facts.products)]
        lines.append({
            "type": "orderlineitems", "id": f"l{n}-{line}",
            "attributes": {"quantity": 1 + (n + line) % 40, "value": f"{1 + n % 311}.{(n * 7 + line) % 100:02}", "currency": "USD"},
            "relationships": {"product": link("products", product), "productUnit": link("productunits", unit)},
        })  # fmt: skip
    return {
        "type": "orders", "id": f"o{n}", "attributes": {"identifier": f"LOAD-{n:07}", "currency": "USD"},
        "relationships": {
            "customer": link("customers", facts.customer), "lineItems": links("orderlineitems", [line["id"] for line in lines]),
        },
    }, lines  # fmt: skip


def total(order):
    _, lines = order
    numbers = [(line["attributes"]["quantity"], decimal.Decimal(line["attributes"]["value"])) for line in lines]
    return sum(((quantity * value).quantize(DECIMALS, decimal.ROUND_HALF_UP) for quantity, value in numbers), decimal.Decimal(0))


class Used:
    """What a batch or a COPY took."""

    def __init__(self, seconds, cpu):
        # Processor time says more than seconds on a machine that does other things too.
        self.seconds, self.cpu = seconds, cpu


class Http:
    """Batches as clients send them."""

    def __init__(self, cluster, server):
        self.cluster, self.server = cluster, server

    def cpu(self):
        return run.seconds(self.server.process.pid) + self.cluster.cpu()

    def write(self, kind, records, client="bench"):
        """What a batch took from sending to the end of the operation, and its summary."""
        data, included = [], []
        for record, parts in records:
            data.append(record)
            included += parts
        body = json.dumps({"data": data, "included": included} if included else {"data": data}).encode()
        headers = {"Authorization": f"Bearer {self.server.get_token(client)}", "Accept": JSON_API, "Content-Type": JSON_API}
        began, cpu = time.monotonic(), self.cpu()
        request = urllib.request.Request(f"{self.server.base}/admin/api/{kind}", body, headers, method="PATCH")
        id = json.load(urllib.request.urlopen(request))["data"]["id"]
        while True:
            time.sleep(0.05)
            request = urllib.request.Request(f"{self.server.base}/admin/api/asyncoperations/{id}", headers=headers)
            attributes = json.load(urllib.request.urlopen(request))["data"]["attributes"]
            if attributes["status"] not in ("new", "running"):
                break
        took = Used(time.monotonic() - began, self.cpu() - cpu)
        if attributes["status"] != "success":
            sys.exit(f"{kind}: the operation has {attributes['status']}: {attributes['summary']}")
        return took, attributes["summary"]


class Direct:
    """Chunks written without a server."""

    def __init__(self, cluster, options):
        self.cluster, self.options = cluster, options

    def write(self, kind, records, client=None):
        lines = (json.dumps({"data": record, "included": included}) for record, included in records)
        file = self.options.folder / "records.ndjson"
        file.write_text("\n".join(lines))
        words = [self.options.direct, self.cluster.url(), kind, file, "--chunk", self.options.chunk, "--workers", self.options.workers]
        cpu = run.client_cpu() + self.cluster.cpu()
        output = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout
        result = json.loads(output)
        return Used(result["seconds"], run.client_cpu() + self.cluster.cpu() - cpu), result


def copy(cluster, table, columns, rows):
    """What COPY takes for the rows, which then are removed again."""
    file = cluster.folder / "rows.tsv"
    file.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    script = f"BEGIN;\n\\timing on\n\\copy {table} ({columns}) FROM '{file}'\n\\timing off\nROLLBACK;\n"
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", cluster.url()]
    cpu = run.client_cpu() + cluster.cpu()
    output = subprocess.run(command, input=script, check=True, capture_output=True, text=True).stdout
    cpu = run.client_cpu() + cluster.cpu() - cpu
    cluster.sql(f"VACUUM {table}")
    return Used(float(re.search(r"Time: ([\d.]+) ms", output)[1]) / 1000, cpu)


def price_list(cluster, facts, name):
    return int(cluster.sql(
        f"INSERT INTO price_list (organization_id, name, currencies) VALUES ({facts.organization}, '{name} {time.time()}', '[\"USD\"]') RETURNING id"
    ))  # fmt: skip


def scenarios(cluster, options, way, command):
    facts = Facts(cluster)
    count = min(options.records, len(facts.products))
    wanted = lambda name: not options.only or name in options.only
    if wanted("prices"):
        yield prices(cluster, facts, way, count)
    if wanted("levels"):
        yield levels(cluster, facts, way, count)
    if wanted("products"):
        yield from products(cluster, facts, way, options.products)
    if wanted("orders"):
        yield orders(cluster, facts, way, options.orders)
    if wanted("bad"):
        yield bad(cluster, facts, way, count // 2, command)


def prices(cluster, facts, way, count):
    list = price_list(cluster, facts, "Batch")
    row = lambda n, list: (facts.organization, list, facts.products[n][0], facts.products[n][2], 1, "USD", "9.99")
    columns = "organization_id, price_list_id, product_id, unit_code, quantity, currency, value"
    other = price_list(cluster, facts, "Copy")
    copied = copy(cluster, "product_price", columns, (row(n, other) for n in range(count)))
    cluster.sql(
        f"INSERT INTO product_price ({columns}) SELECT organization_id, {list}, product_id, unit_code, 1, 'USD', 9.99"
        f" FROM product_unit_precision WHERE id = ANY('{{{','.join(str(facts.products[n][1]) for n in range(0, count, 2))}}}')"
    )
    cluster.sql("VACUUM ANALYZE product_price")
    took, summary = way.write("productprices", [price(facts, n, list) for n in range(count)])
    return "product prices upserted, half of them present", count, took, copied, summary


def levels(cluster, facts, way, count):
    unit = "kg"
    cluster.sql(
        "INSERT INTO product_unit_precision (organization_id, product_id, unit_code, precision)"
        f" SELECT organization_id, id, '{unit}', 0 FROM product ORDER BY id LIMIT {count} ON CONFLICT DO NOTHING"
    )
    pairs = cluster.sql(f"SELECT product_id, id FROM product_unit_precision WHERE unit_code = '{unit}' ORDER BY id LIMIT {count}")
    columns = "organization_id, product_id, product_unit_precision_id, quantity"
    rows = ((facts.organization, *pair.split("|"), 5) for pair in pairs.splitlines())
    copied = copy(cluster, "inventory_level", columns, rows)
    cluster.sql("VACUUM ANALYZE product_unit_precision, inventory_level")
    took, summary = way.write("inventorylevels", [level(facts, n, int(time.time())) for n in range(count)])
    return "inventory levels updated by key", count, took, copied, summary


def products(cluster, facts, way, count):
    first = int(cluster.sql("SELECT coalesce(max(substr(sku, 6)::int), 0) + 1 FROM product WHERE sku LIKE 'LOAD-%'"))
    records = [product(facts, n) for n in range(first, first + count)]
    for title in ("products with a name, a description and two units", "the same products a second time"):
        took, summary = way.write("products", records)
        yield title, count, took, None, summary


def orders(cluster, facts, way, count):
    first = int(cluster.sql("SELECT coalesce(max(substr(identifier, 6)::int), 0) + 1 FROM sales_order WHERE identifier LIKE 'LOAD-%'"))
    records = [order(facts, n) for n in range(first, first + count)]
    took, summary = way.write("orders", records)
    stored = dict(
        line.split("|")
        for line in cluster.sql("SELECT identifier, total_value FROM sales_order WHERE identifier LIKE 'LOAD-%'").splitlines()
    )
    for record in records:
        identifier = record[0]["attributes"]["identifier"]
        if decimal.Decimal(stored[identifier]) != total(record):
            sys.exit(f"the order {identifier} has the total {stored[identifier]}, not {total(record)}")
    return "orders with three lines, totals checked", count, took, None, summary


BAD = ["unknown product", "duplicate", "wrong type", "unknown list", "no right"]


def clerk(cluster, facts, command):
    """A client that may write prices, and see the products of its own unit: all but the last one."""
    if cluster.sql("SELECT count(*) FROM oauth_client WHERE id = 'bench-clerk'") == "0":
        every = {permission: "organization" for permission in ("VIEW", "CREATE", "EDIT", "DELETE", "ASSIGN")}
        role = {name: every for name in ("productprices", "pricelists", "asyncoperations")} | {"products": {"VIEW": "business-unit"}}
        cluster.sql(
            "INSERT INTO user_role (organization_id, role, label, permissions)"
            f" VALUES ({facts.organization}, 'ROLE_CLERK', 'Clerk', '{json.dumps(role)}')"
        )
        command("user", "create", "clerk", "--email", "clerk@bench.example", "--organization", "Bench", "--role", "ROLE_CLERK", "--no-password")
        cluster.sql(f"""
            WITH unit AS (INSERT INTO business_unit (organization_id, name) VALUES ({facts.organization}, 'Elsewhere') RETURNING id)
            UPDATE product SET owner_id = unit.id FROM unit WHERE product.id = {facts.products[-1][0]}""")
        command("client", "create", "--name", "Bench clerk", "--user", "clerk", "--id", "bench-clerk",
                "--secret-file", str(cluster.folder / "client_secret"))  # fmt: skip
    return "bench-clerk"


def bad(cluster, facts, way, count, command):
    client = clerk(cluster, facts, command)
    lists = [price_list(cluster, facts, name) for name in ("Warm", "Good", "Bad")]
    way.write("productprices", [price(facts, n, lists[0]) for n in range(count // 10)], client)
    good, _ = way.write("productprices", [price(facts, n, lists[1]) for n in range(count)], client)
    faulty = lambda n: BAD[n // 1000 % len(BAD)] if n % 1000 == 500 else None
    took, summary = way.write("productprices", [price(facts, n, lists[2], faulty(n)) for n in range(count)], client)
    costs = f"{(took.seconds / good.seconds - 1) * 100:+.0f} %, {(took.cpu / good.cpu - 1) * 100:+.0f} % of processor time"
    return f"prices, one bad in each 1,000 (costs {costs})", count, took, None, summary


def report(rows):
    print(f"Load at the beginning: {os.getloadavg()[0]:.1f}. Of COPY: by seconds, and by processor time.\n")
    print("| batch | records | seconds | records/s | µs of processor | of COPY | summary |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for title, count, took, copied, summary in rows:
        ratio = f"{copied.seconds / took.seconds:.2f} ({count / copied.seconds:,.0f}/s), {copied.cpu / took.cpu:.2f}" if copied else ""
        counts = {name: summary[name] for name in ("createCount", "updateCount", "errorCount", "created", "updated", "unchanged", "failed") if name in summary}
        told = ", ".join(f"{name} {value:,}" for name, value in counts.items() if value)
        print(f"| {title} | {count:,} | {took.seconds:.1f} | {count / took.seconds:,.0f} | {took.cpu / count * 1e6:,.0f} | {ratio} | {told} |", flush=True)


if __name__ == "__main__":
    main()
