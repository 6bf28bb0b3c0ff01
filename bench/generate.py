#!/usr/bin/env python3
"""Fills an organization with catalogue, prices, customers and orders, by COPY, for measuring.

    bench/generate.py postgres://… [--products 100000] [--prices-per-product 10] [--customers 20000]
                      [--orders 100000] [--lines-per-order 3] [--organization ID] [--seed 1]

The database is migrated and has an organization with a user. The same seed and sizes give the same rows. Foreign keys
are not checked while loading (`session_replication_role`, which takes a superuser): the generator keeps them by itself,
and ends with a check. Needs Python 3 and psql, nothing else.
"""

import argparse
import datetime
import random
import subprocess
import sys
import time
import uuid

EPOCH = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
TWO_YEARS = 2 * 365 * 86400
ADJECTIVES = "Compact Heavy-duty Stainless Cordless Insulated Adjustable Portable Industrial Silent Modular".split()
THINGS = "drill valve cable bracket lamp pump glove ladder sensor filter hose clamp switch motor helmet".split()


def main():
    options = arguments()
    started = time.monotonic()
    database = Database(options.url)
    organization = options.organization or int(database.value("SELECT min(id) FROM organization"))
    facts = Facts(database, organization)
    rows = random.Random(options.seed)
    loader = Loader(database, organization)
    for name, size, fill in [
        ("catalogue", options.products, lambda: catalogue(loader, facts, rows, options)),
        ("prices", options.products * options.prices_per_product, lambda: prices(loader, facts, rows, options)),
        ("customers", options.customers, lambda: customers(loader, facts, rows, options)),
        ("orders", options.orders, lambda: orders(loader, facts, rows, options)),
    ]:
        began = time.monotonic()
        fill()
        print(f"{name:10} {size:>9,} in {time.monotonic() - began:5.1f} s", file=sys.stderr)
    loader.finish()
    began = time.monotonic()
    database.run("VACUUM ANALYZE")
    print(f"{'analyze':10} {'':9} in {time.monotonic() - began:5.1f} s", file=sys.stderr)
    check(database, organization)
    print(f"{'together':10} {'':9} in {time.monotonic() - started:5.1f} s", file=sys.stderr)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the database")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--prices-per-product", type=int, default=10)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--lines-per-order", type=int, default=3)
    parser.add_argument("--organization", type=int)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Database:
    def __init__(self, url):
        self.command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-At", url]

    def value(self, sql):
        return subprocess.run(self.command + ["-c", sql], check=True, capture_output=True, text=True).stdout.strip()

    def run(self, sql):
        subprocess.run(self.command + ["-c", sql], check=True)

    def copy(self):
        return subprocess.Popen(self.command, stdin=subprocess.PIPE, text=True, bufsize=1 << 20)


class Facts:
    """What is there already and is pointed at."""

    def __init__(self, database, organization):
        one = lambda table: int(database.value(f"SELECT min(id) FROM {table} WHERE organization_id = {organization}"))
        self.business_unit = one("business_unit")
        self.user = one("app_user")
        self.family = one("attribute_family")
        self.website = one("website")
        self.units = [unit for unit in ("item", "each", "set", "piece") if unit in database.value("SELECT code FROM product_unit")]
        self.country = database.value("SELECT min(iso2_code) FROM country WHERE iso2_code = 'US'") or "US"


class Loader:
    """Rows of one organization into tables, their ids above all that are there."""

    def __init__(self, database, organization):
        self.database = database
        self.organization = organization
        self.next = {}

    def ids(self, table, count):
        if table not in self.next:
            self.next[table] = int(self.database.value(f"SELECT coalesce(max(id), 0) + 1 FROM {table}"))
        first = self.next[table]
        self.next[table] += count
        return range(first, first + count)

    def copy(self, tables):
        """`tables`: (name, columns, iterator of tuples). Each is one COPY."""
        process = self.database.copy()
        write = process.stdin.write
        write("SET session_replication_role = replica;\n")
        for name, columns, rows in tables:
            write(f"COPY {name} (organization_id, {columns}) FROM stdin;\n")
            prefix = f"{self.organization}\t"
            for row in rows:
                write(prefix)
                write("\t".join([r"\N" if value is None else str(value) for value in row]))
                write("\n")
            write("\\.\n")
        process.stdin.close()
        if process.wait() != 0:
            sys.exit("COPY failed")

    def finish(self):
        for table, following in self.next.items():
            self.database.value(f"SELECT setval('{table}_id_seq', {following - 1})")


def moment(rows):
    return (EPOCH + datetime.timedelta(seconds=rows.randrange(TWO_YEARS), microseconds=rows.randrange(10**6))).isoformat()


def catalogue(loader, facts, rows, options):
    count = options.products
    categories = loader.ids("category", 200)
    brands = loader.ids("brand", 50)
    brand_names = loader.ids("localized_fallback_value", len(brands))
    products = loader.ids("product", count)
    precisions = loader.ids("product_unit_precision", count)
    loader.products, loader.units = products, facts.units
    offset = products[0]

    def product(id):
        created = moment(rows)
        return (
            id, f"SKU-{id - offset + 1:07}", "enabled" if rows.random() < 0.9 else "disabled", "simple",
            rows.choice(categories), facts.business_unit, precisions[id - offset], facts.family, rows.choice(brands),
            "in_stock" if rows.random() < 0.8 else "out_of_stock", created, created,
        )  # fmt: skip

    def name(id):
        return f"{rows.choice(ADJECTIVES)} {rows.choice(THINGS)} {id - offset + 1}"

    def texts(table, column, words):
        return table, f"id, product_id, {column}", (
            (text, id, f"{name(id)}{words}") for id, text in zip(products, loader.ids(table, count))
        )

    unit = lambda id: facts.units[id % len(facts.units)]
    loader.unit = unit
    root = loader.database.value(
        f"SELECT min(id) FROM category WHERE organization_id = {loader.organization} AND parent_category_id IS NULL"
    )
    last = int(loader.database.value(f"SELECT max(tree_right) FROM category WHERE organization_id = {loader.organization}") or 2)
    loader.copy([
        ("category", "id, external_id, parent_category_id, tree_left, tree_right, tree_level, tree_root, materialized_path",
         ((id, f"bench-{id}", root, last + 2 * n, last + 2 * n + 1, 1, root, f"{root}_{id}") for n, id in enumerate(categories))),
        ("category_title", "id, category_id, string",
         ((text, id, f"Category {id}") for id, text in zip(categories, loader.ids("category_title", len(categories))))),
        ("brand", "id, external_id, status, owner_id", ((id, f"bench-{id}", "enabled", facts.business_unit) for id in brands)),
        ("localized_fallback_value", "id, string", ((id, f"Brand {id}") for id in brand_names)),
        ("brand_localized_value", "brand_id, value_id, slot", ((brand, id, "names") for brand, id in zip(brands, brand_names))),
        ("product", "id, sku, status, product_type, category_id, owner_id, primary_unit_precision_id, attribute_family_id, "
                    "brand_id, inventory_status_id, created_at, updated_at", map(product, products)),
        ("product_unit_precision", "id, product_id, unit_code, precision, conversion_rate, sell",
         ((precision, id, unit(id), 0, 1, "t") for id, precision in zip(products, precisions))),
        texts("product_name", "string", ""),
        texts("product_short_description", "text", ", for daily use"),
        texts("product_description", "wysiwyg", " is made for long days of work and needs no tools to be mounted."),
        ("inventory_level", "id, product_id, product_unit_precision_id, quantity",
         ((level, id, precision, rows.randrange(5000))
          for id, precision, level in zip(products, precisions, loader.ids("inventory_level", count)))),
    ])  # fmt: skip
    loader.database.run(f"UPDATE category SET tree_right = {last + 2 * len(categories)} WHERE organization_id = {loader.organization} AND id = {root}")


def prices(loader, facts, rows, options):
    lists = loader.ids("price_list", max(1, options.prices_per_product // 2))
    quantities = [1, 10, 50, 100]

    def all_prices():
        for product in loader.products:
            base = rows.randrange(100, 100_000)
            for n in range(options.prices_per_product):
                step = n // len(lists)
                guid = uuid.UUID(int=rows.getrandbits(128), version=4)
                value = base * (100 - 5 * step) // 100
                quantity = quantities[step] if step < len(quantities) else 100 * step
                yield guid, lists[n % len(lists)], product, loader.unit(product), quantity, "USD", f"{value / 100:.2f}"

    loader.copy([
        ("price_list", "id, name, currencies", ((id, f"Bench price list {id}", '["USD"]') for id in lists)),
        ("product_price", "id, price_list_id, product_id, unit_code, quantity, currency, value", all_prices()),
        ("price_list_to_website", "id, price_list_id, website_id, sort_order, merge_allowed",
         ((id, id, facts.website, id - lists[0], True) for id in lists)),
    ])  # fmt: skip


def customers(loader, facts, rows, options):
    groups = loader.ids("customer_group", 20)
    ids = loader.ids("customer", options.customers)
    users = loader.ids("customer_user", options.customers)
    loader.customers, loader.customer_users = ids, users

    def customer(id):
        created = moment(rows)
        parent = rows.randrange(ids[0], id) if id > ids[0] and rows.random() < 0.3 else None
        return id, f"Customer {id}", f"bench-{id}", parent, rows.choice(groups), facts.user, created, created

    loader.copy([
        ("customer_group", "id, name", ((id, f"Bench group {id}") for id in groups)),
        ("customer", "id, name, external_id, parent_id, group_id, owner_id, created_at, updated_at", map(customer, ids)),
        ("customer_user", "id, email, first_name, last_name, customer_id, owner_id",
         ((user, f"buyer{user}@bench.example", "Bench", f"Buyer {user}", id, facts.user) for id, user in zip(ids, users))),
    ])  # fmt: skip


def orders(loader, facts, rows, options):
    ids = loader.ids("sales_order", options.orders)
    lines = iter(loader.ids("sales_order_line_item", options.orders * options.lines_per_order))
    offset = loader.products[0]
    details = []

    def order(id):
        created = moment(rows)
        customer = rows.randrange(len(loader.customers))
        subtotal = 0
        for _ in range(options.lines_per_order):
            product, quantity, cents = rows.choice(loader.products), rows.randrange(1, 50), rows.randrange(100, 100_000)
            subtotal += quantity * cents
            details.append((id, product, quantity, cents, created))
        amount = f"{subtotal / 100:.4f}"
        internal = rows.choice(["open", "open", "open", "closed", "cancelled"])
        return (
            id, f"B{id:09}", f"bench-{id}", f"PO-{rows.randrange(10**6):06}", "USD", amount, amount, amount, facts.user,
            loader.customers[customer], loader.customer_users[customer], internal, "not_shipped", created, created,
        )  # fmt: skip

    def line_items():
        for order, product, quantity, cents, created in details:
            yield (
                next(lines), order, product, f"SKU-{product - offset + 1:07}", f"Product {product}", quantity,
                loader.unit(product), loader.unit(product), f"{cents / 100:.4f}", "USD", created, created,
            )  # fmt: skip

    loader.copy([
        ("sales_order", "id, identifier, external_id, po_number, currency, subtotal_value, subtotal_with_discounts, total_value, "
                        "owner_id, customer_id, customer_user_id, internal_status_id, shipping_status_id, created_at, updated_at",
         map(order, ids)),
        ("sales_order_line_item", "id, order_id, product_id, product_sku, product_name, quantity, product_unit_id, "
                                  "product_unit_code, value, currency, created_at, updated_at", line_items()),
    ])  # fmt: skip


def check(database, organization):
    """Every foreign key of every table that was filled holds."""
    keys = database.value(
        "SELECT conrelid::regclass || '|' || conname || '|' || pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
        " AND conrelid::regclass::text IN ('product', 'product_name', 'product_unit_precision', 'inventory_level',"
        " 'product_price', 'customer', 'customer_user', 'sales_order', 'sales_order_line_item', 'category', 'brand')"
    )
    for line in keys.splitlines():
        table, name, definition = line.split("|")
        columns = definition[definition.index("(") + 1 : definition.index(")")]
        target = definition.split(" REFERENCES ")[1]
        target_table, target_columns = target[: target.index("(")], target[target.index("(") + 1 : target.index(")")]
        present = " AND ".join(f"{column.strip()} IS NOT NULL" for column in columns.split(","))
        same = " AND ".join(f"t.{b.strip()} = s.{a.strip()}" for a, b in zip(columns.split(","), target_columns.split(",")))
        lost = database.value(
            f"SELECT count(*) FROM {table} s WHERE {present} AND NOT EXISTS (SELECT FROM {target_table} t WHERE {same})"
        )
        if lost != "0":
            sys.exit(f"{lost} rows of {table} break {name}")


if __name__ == "__main__":
    main()
