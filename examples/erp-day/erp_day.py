#!/usr/bin/env python3
"""A day of an ERP: it pushes its master data to Entrepot, takes orders, and reports back.

Needs Python 3.8 or newer and nothing else. Run it as often as you like: nothing doubles.

    ENTREPOT_DEMO_SECRET=... python3 examples/erp-day/erp_day.py

ENTREPOT_URL is the server (default http://127.0.0.1:8080), ENTREPOT_DEMO_SECRET the secret of the demo clients.
ENTREPOT_ERP_CLIENT and ENTREPOT_SHOP_CLIENT name other clients than demo-erp and demo-shop.
"""

import os
import sys

from entrepot import ApiError, Client

URL = os.environ.get("ENTREPOT_URL", "http://127.0.0.1:8080")
SECRET = os.environ.get("ENTREPOT_DEMO_SECRET", "")
ERP = os.environ.get("ENTREPOT_ERP_CLIENT", "demo-erp")
SHOP = os.environ.get("ENTREPOT_SHOP_CLIENT", "demo-shop")

PRODUCTS = [
    (f"ERP-{number:03}", name, price, stock)
    for number, (name, price, stock) in enumerate(
        [
            ("Hex bolt M8 x 40, box of 100", "12.40", 320),
            ("Hex nut M8, box of 100", "6.10", 410),
            ("Washer M8, box of 200", "4.85", 275),
            ("Threaded rod M8, 1 m", "2.95", 96),
            ("Wood screw 5 x 60, box of 200", "11.20", 180),
            ("Wall plug 8 mm, box of 100", "7.45", 240),
            ("Cordless drill 18 V", "139.00", 24),
            ("Battery 18 V, 4 Ah", "69.90", 40),
            ("Charger 18 V", "44.50", 18),
            ("Drill bit set, 19 pieces", "32.80", 55),
            ("Claw hammer 450 g", "18.60", 62),
            ("Spirit level 60 cm", "21.30", 35),
            ("Tape measure 5 m", "8.90", 120),
            ("Utility knife", "5.75", 150),
            ("Safety glasses", "6.20", 210),
            ("Work gloves, size 9", "4.10", 300),
            ("Ear defenders", "14.90", 80),
            ("Dust mask FFP2, box of 20", "17.50", 90),
            ("Tool box 50 cm", "37.00", 30),
            ("Extension cable 25 m", "41.25", 28),
        ],
        start=1,
    )
]


def say(text=""):
    print(text, flush=True)


def main():
    if not SECRET:
        sys.exit("Set ENTREPOT_DEMO_SECRET to the secret that `bin/run` printed for the demo clients.")

    say("06:00  The ERP logs in.")
    erp = Client(URL, ERP, SECRET)
    # Where the change feed ends now: what comes later is news.
    morning = erp.feed_end()

    say("06:01  It pushes its customers: a group, a parent company with two branches, their addresses.")
    branches = push_customers(erp)

    say("06:05  It pushes a category and 20 products, each with name and unit in one request.")
    created, updated, products = push_products(erp)
    say(f"       {created} products are new, {updated} were there already.")

    say("06:10  It pushes them again, as ERPs do.")
    created, updated, _ = push_products(erp)
    count = erp.get("products", {"filter[sku]": ",".join(sku for sku, *_ in PRODUCTS), "page[size]": 1}, total=True)
    say(f"       {created} are new, {updated} updated; the catalogue holds {count.total} of them. Nothing doubled.")

    say("06:15  It pushes a price list, and its 20 prices in one batch.")
    price_list = push_prices(erp, products)

    say("06:20  It pushes stock, in a batch too.")
    push_stock(erp, products)

    say()
    say("10:30  Meanwhile the shop sells. It asks what an order would cost, then places two.")
    shop = Client(URL, SHOP, SECRET)
    orders = place_orders(shop, branches, products)

    say()
    say("11:00  The ERP follows the changes since the morning, page by page.")
    news = poll(erp, morning)
    say(f"       {len(news)} orders changed. It knows the shop's by their PO numbers:")
    for order in news:
        if order["id"] in orders:
            attributes = order["attributes"]
            amount = f"{attributes['totalValue']} {attributes['currency']}"
            say(f"       order {attributes['identifier']}, {attributes['poNumber']}: {amount}")

    say("14:00  The goods leave the warehouse. The ERP writes back status, shipping status and tracking number.")
    for order in orders:
        ship(erp, order)

    say()
    say("15:00  Someone gave the shop's credentials to a script that tries to change a product.")
    try:
        product = products[PRODUCTS[0][0]]
        shop.patch(f"products/{product}", {"type": "products", "id": product, "attributes": {"featured": True}})
        say("       It could. That is wrong: the role of the shop should not allow it.")
        sys.exit(1)
    except ApiError as error:
        say(f"       {error}")

    say("15:05  A clerk types a price in a currency the list does not have, and below zero.")
    try:
        push_price(erp, price_list, products[PRODUCTS[0][0]], "-1", "CHF")
        say("       The server took it. That is wrong.")
        sys.exit(1)
    except ApiError as error:
        say(f"       {error}")

    say()
    say("18:00  The day is done.")


def push_customers(erp):
    """The ids of the two branches."""
    group = erp.upsert("customergroups", ["name"], {"name": "Craftsmen"})
    in_group = {"group": one("customergroups", group)}
    head = erp.upsert("customers", ["externalId"], {"externalId": "C-100", "name": "Stone & Sons"}, in_group)
    address(erp, head, "Headquarters", "12 Quarry Road", "Rochester", "14608", "US-NY")
    branches = []
    for external_id, name, street, city, code, region in [
        ("C-101", "Stone & Sons, Albany", "4 Canal Street", "Albany", "12207", "US-NY"),
        ("C-102", "Stone & Sons, Buffalo", "77 Lake Avenue", "Buffalo", "14203", "US-NY"),
    ]:
        relationships = dict(in_group, parent=one("customers", head))
        branch = erp.upsert("customers", ["externalId"], {"externalId": external_id, "name": name}, relationships)
        branches.append((branch, address(erp, branch, "Branch", street, city, code, region)))
    return branches


def address(erp, customer, label, street, city, code, region):
    """The id of the customer's address; it is made only where the customer has none."""
    known = erp.get("customeraddresses", {"filter[customer]": customer, "fields[customeraddresses]": "label"}).data
    if known:
        return known[0]["id"]
    attributes = {
        "label": label,
        "organization": "Stone & Sons",
        "street": street,
        "city": city,
        "postalCode": code,
        "types": [{"default": True, "addressType": "billing"}, {"default": True, "addressType": "shipping"}],
    }
    relationships = {
        "customer": one("customers", customer),
        "country": one("countries", region[:2]),
        "region": one("regions", region),
    }
    return erp.create("customeraddresses", attributes, relationships).data["id"]


def push_products(erp):
    """How many were created, how many updated, and the ids by SKU."""
    family = erp.get("attributefamilies", {"page[size]": 1}).data[0]["id"]
    category = erp.post(
        "categories",
        {
            "type": "categories",
            "meta": {"upsert": ["externalId"]},
            "attributes": {"externalId": "TOOLS"},
            "relationships": {"titles": many("categorytitles", "title")},
        },
        [{"type": "categorytitles", "id": "title", "attributes": {"string": "Tools and fixings"}}],
    ).data["id"]
    created, updated, ids = 0, 0, {}
    for sku, name, _, _ in PRODUCTS:
        answer = erp.post(
            "products",
            {
                "type": "products",
                "meta": {"upsert": ["sku"]},
                "attributes": {"sku": sku, "status": "enabled", "productType": "simple"},
                "relationships": {
                    "names": many("productnames", "name"),
                    "unitPrecisions": many("productunitprecisions", "unit"),
                    "primaryUnitPrecision": one("productunitprecisions", "unit"),
                    "inventory_status": one("prodinventorystatuses", "in_stock"),
                    "attributeFamily": one("attributefamilies", family),
                    "category": one("categories", category),
                },
            },
            [
                {"type": "productnames", "id": "name", "attributes": {"string": name}},
                {
                    "type": "productunitprecisions",
                    "id": "unit",
                    "attributes": {"precision": 0, "conversionRate": 1, "sell": True},
                    "relationships": {"unit": one("productunits", "item")},
                },
            ],
        )
        created += answer.status == 201
        updated += answer.status == 200
        ids[sku] = answer.data["id"]
    return created, updated, ids


def push_prices(erp, products):
    """All of them in one batch, which is worked off while the ERP does other things."""
    price_list = erp.upsert("pricelists", ["name"], {"name": "ERP prices", "priceListCurrencies": ["USD"]})
    prices = [
        {
            "type": "productprices",
            "meta": {"upsert": ["priceList", "product", "unit", "quantity", "currency"]},
            "attributes": {"quantity": 1, "value": price, "currency": "USD"},
            "relationships": {
                "priceList": one("pricelists", price_list),
                "product": one("products", products[sku]),
                "unit": one("productunits", "item"),
            },
        }
        for sku, _, price, _ in PRODUCTS
    ]
    tell(erp, erp.batch("productprices", prices))
    held = erp.get("productprices", {"filter[priceList]": price_list, "page[size]": 1}, total=True)
    say(f"       The list holds {held.total} prices.")
    return price_list


def tell(erp, operation):
    """What became of a batch: how many records were written, and what was wrong with the others."""
    summary = operation["attributes"]["summary"]
    say(f"       {summary['createCount']} are new, {summary['updateCount']} were there already.")
    if operation["attributes"]["status"] != "success" or summary["errorCount"]:
        for error in erp.get(f"asyncoperations/{operation['id']}/errors").data:
            say(f"       {error['attributes']['detail']} ({error['attributes']['source']})")
        sys.exit(1)


def push_price(erp, price_list, product, value, currency):
    erp.upsert(
        "productprices",
        ["priceList", "product", "unit", "quantity", "currency"],
        {"quantity": 1, "value": value, "currency": currency},
        {
            "priceList": one("pricelists", price_list),
            "product": one("products", product),
            "unit": one("productunits", "item"),
        },
    )


def push_stock(erp, products):
    levels = erp.get("inventorylevels", {"filter[product]": ",".join(products.values()), "page[size]": 100}).data
    by_product = {level["relationships"]["product"]["data"]["id"]: level["id"] for level in levels}
    changed = [
        {
            "type": "inventorylevels",
            "id": by_product[products[sku]],
            "meta": {"update": True},
            "attributes": {"quantity": stock},
        }
        for sku, _, _, stock in PRODUCTS
    ]
    tell(erp, erp.batch("inventorylevels", changed))
    say(f"       {len(by_product)} levels are up to date.")


def place_orders(shop, branches, products):
    """The ids of one order per branch. An order that was placed before is found by its identifier."""
    ids = []
    for number, (branch, branch_address) in enumerate(branches, start=1):
        lines = [(PRODUCTS[number], 5), (PRODUCTS[number + 5], 1), (PRODUCTS[number + 9], 2)]
        draft, included = order(f"ERP-DAY-{number}", f"PO-2026-{number:03}", branch, branch_address, products, lines)
        known = shop.get("orders", {"filter[identifier]": draft["attributes"]["identifier"]}).data
        if known:
            say(f"       Order {draft['attributes']['identifier']} was placed on an earlier run.")
            ids.append(known[0]["id"])
            continue
        checked = shop.post("orders?include=orderSubtotals", dict(draft, meta={"validate": True}), included)
        say(f"       It would cost {checked.data['attributes']['totalValue']} USD.")
        placed = shop.post("orders", draft, included)
        attributes = placed.data["attributes"]
        say(f"       Order {attributes['identifier']} is placed, {attributes['totalValue']} USD.")
        ids.append(placed.data["id"])
    return ids


def order(identifier, po_number, customer, customer_address, products, lines):
    """The order and what it is sent with: its line items and its shipping address."""
    included = [
        {
            "type": "orderlineitems",
            "id": f"line-{number}",
            "attributes": {"quantity": quantity, "value": price, "currency": "USD"},
            "relationships": {
                "product": one("products", products[sku]),
                "productUnit": one("productunits", "item"),
            },
        }
        for number, ((sku, _, price, _), quantity) in enumerate(lines, start=1)
    ]
    included.append(
        {
            "type": "orderaddresses",
            "id": "address",
            "relationships": {"customerAddress": one("customeraddresses", customer_address)},
        }
    )
    draft = {
        "type": "orders",
        "attributes": {"identifier": identifier, "poNumber": po_number, "currency": "USD"},
        "relationships": {
            "customer": one("customers", customer),
            "lineItems": many("orderlineitems", *(item["id"] for item in included[:-1])),
            "shippingAddress": one("orderaddresses", "address"),
        },
    }
    return draft, included


def poll(erp, since):
    """Every order changed since that cursor, as it is now. No change is skipped, whatever is written meanwhile."""
    orders = {}
    # Two changes a page, so that this small day has several pages; a real one would ask for 1,000. Where there is nothing
    # new, the server waits a second for it; a real connector would have it wait 30, store the cursor, and never stop.
    query = {"filter[type]": "orders", "include": "resource", "page[after]": since, "page[size]": 2, "wait": 1}
    page = erp.get("changes", query)
    pages = 1
    while page.data or page.meta["page"]["more"]:
        orders.update((order["id"], order) for order in page.included)
        page = erp.follow(page.links["next"])
        pages += 1
    say(f"       {pages} pages read.")
    return list(orders.values())


def ship(erp, order_id):
    known = erp.get("ordershippingtrackings", {"filter[orders]": order_id}).data
    if known:
        say(f"       Order {order_id} was shipped on an earlier run, parcel {known[0]['attributes']['number']}.")
        return
    erp.patch(
        f"orders/{order_id}",
        {
            "type": "orders",
            "id": order_id,
            "relationships": {
                "status": one("orderstatuses", "shipped"),
                "shippingStatus": one("ordershippingstatuses", "shipped"),
            },
        },
    )
    number = f"1Z999AA1{int(order_id):010}"
    erp.create(
        "ordershippingtrackings", {"method": "UPS", "number": number}, {"orders": many("orders", order_id)}
    )
    say(f"       Order {order_id} is shipped, parcel {number}.")


def one(kind, identifier):
    return {"data": {"type": kind, "id": identifier}}


def many(kind, *identifiers):
    return {"data": [{"type": kind, "id": identifier} for identifier in identifiers]}


if __name__ == "__main__":
    main()
