#!/usr/bin/env python3
"""Measures ways to insert the rows of chunks: arrays through unnest, and COPY through a temporary table.

    bench/insert.py [--rows 40000] [--chunks 1000 5000]

Both write the same prices into the same table with its indexes and foreign keys, one transaction a chunk, on the Postgres
that bench/batch.py has made (run that first). Processor time is that of Postgres alone: both ways send texts, which psql
takes from a file.
"""

import time

import run
from batch import ROOT, Facts, price_list
from run import Cluster

COLUMNS = "organization_id, price_list_id, product_id, unit_code, quantity, currency, value"
TABLE = "staged (product_id bigint, unit_code text, quantity numeric, currency text, value numeric)"


def main():
    parser = run.parser(__doc__)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--chunks", type=int, nargs="*", default=[1_000, 5_000])
    parser.set_defaults(folder=ROOT / "target/bench-batch")
    options = run.parsed(parser)
    cluster = Cluster(options.folder)
    try:
        cluster.start()
        facts = Facts(cluster)
        rows = [(product, unit, 1, "USD", f"{n % 977}.{n % 100:02}") for n, (product, _, unit) in enumerate(facts.products[: options.rows])]
        print("| way | rows a chunk | rows/s | µs of Postgres' processor time a row |\n|---|---:|---:|---:|")
        for size in options.chunks:
            for title, script in (("arrays through unnest", unnest), ("COPY through a temporary table", copied)):
                list = price_list(cluster, facts, "Insert")
                took, cpu = measure(cluster, script(facts.organization, list, rows, size))
                print(f"| {title} | {size:,} | {len(rows) / took:,.0f} | {cpu / len(rows) * 1e6:.1f} |", flush=True)
    finally:
        cluster.stop()


def chunks(rows, size):
    return (rows[start : start + size] for start in range(0, len(rows), size))


def unnest(organization, list, rows, size):
    yield f"PREPARE chunk (bigint[], text[], numeric[], text[], numeric[]) AS INSERT INTO product_price ({COLUMNS})"
    yield f" SELECT {organization}, {list}, * FROM unnest($1, $2, $3, $4, $5);\n"
    for chunk in chunks(rows, size):
        yield "EXECUTE chunk (" + ", ".join("'{" + ",".join(map(str, column)) + "}'" for column in zip(*chunk)) + ");\n"


def copied(organization, list, rows, size):
    yield f"CREATE TEMPORARY TABLE {TABLE} ON COMMIT DELETE ROWS;\n"
    for chunk in chunks(rows, size):
        yield "BEGIN;\nCOPY staged FROM stdin;\n" + "".join("\t".join(map(str, row)) + "\n" for row in chunk) + "\\.\n"
        yield f"INSERT INTO product_price ({COLUMNS}) SELECT {organization}, {list}, * FROM staged;\nCOMMIT;\n"


def measure(cluster, script):
    """Seconds, and Postgres' processor time."""
    file = cluster.folder / "insert.sql"
    file.write_text("".join(script))
    began, cpu = time.monotonic(), cluster.cpu()
    run.subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", file, cluster.url()], check=True, stdout=run.subprocess.DEVNULL)
    return time.monotonic() - began, cluster.cpu() - cpu


if __name__ == "__main__":
    main()
