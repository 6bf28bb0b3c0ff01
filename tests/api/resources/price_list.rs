//! Schedules and assignments of price lists, and the prices that customers get.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::server::TestServer;
use crate::support::shop::{Shop, many, one};

fn schedule(shop: &Shop, list: &str, start: Option<&str>, end: Option<&str>) -> Answer {
    let attributes = json!({"activeAt": start, "deactivateAt": end});
    shop.try_create("pricelistschedules", &attributes, &json!({"priceList": one("pricelists", list)}))
}

fn assign(shop: &Shop, list: &str, customer: &str, attributes: &Value) -> Answer {
    let relationships = json!({"priceList": one("pricelists", list), "customer": one("customers", customer)});
    shop.try_create("pricelisttocustomers", attributes, &relationships)
}

fn path(shop: &Shop, customer: &str, products: &str) -> String {
    let website = shop.organization.first.website;
    format!(
        "/admin/api/customerprices?filter[customer]={customer}&filter[website]={website}&filter[product]={products}"
    )
}

/// The rows of an answer: product, quantity, currency, value.
fn rows(answer: &Answer) -> Vec<(String, String, String, String)> {
    let document = answer.json();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let row = |item: &Value| {
        let attributes = &item["attributes"];
        (
            text(&item["relationships"]["product"]["data"]["id"]),
            text(&attributes["quantity"]),
            text(&attributes["currency"]),
            text(&attributes["value"]),
        )
    };
    document["data"].as_array().unwrap().iter().map(row).collect()
}

/// A schedule has a date, its dates are in order, and those of a list do not overlap; the end is not in it.
#[test]
fn schedules_of_a_list_do_not_overlap() {
    let shop = Shop::new();
    let list = shop.price_list(&["USD"]);
    let error = schedule(&shop, &list, None, None).expect(400).error();
    assert_eq!(
        (&error["title"], &error["source"]["pointer"]),
        (&json!("not blank constraint"), &json!("/data/attributes/activeAt"))
    );
    let error = schedule(&shop, &list, Some("2030-02-01T00:00:00Z"), Some("2030-01-01T00:00:00Z")).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/attributes/deactivateAt");
    assert_eq!(shop.attributes("pricelists", &list)["containSchedule"], false);

    let first = schedule(&shop, &list, Some("2030-01-01T00:00:00Z"), Some("2030-02-01T00:00:00Z")).expect(201).id();
    assert_eq!(shop.attributes("pricelists", &list)["containSchedule"], true);
    for (start, end) in [
        (None, Some("2030-01-15T00:00:00Z")),
        (Some("2030-01-15T00:00:00Z"), None),
        (Some("2030-01-10T00:00:00Z"), Some("2030-01-20T00:00:00Z")),
    ] {
        let error = schedule(&shop, &list, start, end).expect(400).error();
        assert_eq!(error["title"], "schedule intervals intersection constraint");
    }
    let second = schedule(&shop, &list, Some("2030-02-01T00:00:00Z"), None).expect(201).id();
    shop.change("pricelistschedules", &second, &json!({"activeAt": "2030-01-31T00:00:00Z"})).expect(400);
    schedule(&shop, &shop.price_list(&["USD"]), None, Some("2030-01-15T00:00:00Z")).expect(201);

    for id in [first, second] {
        shop.client().delete(&format!("/admin/api/pricelistschedules/{id}")).expect(204);
    }
    assert_eq!(shop.attributes("pricelists", &list)["containSchedule"], false);
}

/// Schedules can be sent with their list; a list without them is sent to be rid of them.
#[test]
fn schedules_come_and_go_with_their_list() {
    let shop = Shop::new();
    let periods = |dates: &[(&str, &str)]| -> Vec<Value> {
        dates
            .iter()
            .map(|(start, end)| json!({"type": "pricelistschedules", "id": start, "attributes": {"activeAt": start, "deactivateAt": end}}))
            .collect()
    };
    let body = |dates: &[(&str, &str)]| {
        let labels: Vec<&str> = dates.iter().map(|(start, _)| *start).collect();
        json!({
            "data": {
                "type": "pricelists",
                "attributes": {"name": unique("Prices"), "priceListCurrencies": ["USD"]},
                "relationships": {"schedules": many("pricelistschedules", &labels)},
            },
            "included": periods(dates),
        })
    };
    let overlapping = body(&[("2030-01-01", "2030-03-01"), ("2030-02-01", "2030-04-01")]);
    shop.client().post("/admin/api/pricelists", &overlapping).expect(400);
    let apart = body(&[("2030-01-01", "2030-02-01"), ("2030-02-01", "2030-04-01")]);
    let made = shop.client().post("/admin/api/pricelists", &apart).expect(201);
    assert_eq!(made.json()["data"]["attributes"]["containSchedule"], true);
    let empty = json!({"data": {"type": "pricelists", "id": made.id(), "relationships": {"schedules": {"data": []}}}});
    let changed = shop.client().patch(&format!("/admin/api/pricelists/{}", made.id()), &empty).expect(200).json();
    assert_eq!(changed["data"]["attributes"]["containSchedule"], false);
}

/// Of two requests that each add a schedule, one sees the other's.
#[test]
fn simultaneous_schedules_do_not_overlap() {
    let shop = Shop::new();
    let list = shop.price_list(&["USD"]);
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| schedule(&shop, &list, Some("2030-01-01T00:00:00Z"), None).status)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400, 400, 400]);
}

#[test]
fn a_list_is_assigned_once_and_on_the_default_website() {
    let shop = Shop::new();
    let list = shop.price_list(&["USD"]);
    let made = assign(&shop, &list, &shop.customer, &json!({"sortOrder": 3})).expect(201).json();
    assert_eq!(made["data"]["attributes"]["mergeAllowed"], true);
    let website = &made["data"]["relationships"]["website"]["data"]["id"];
    assert_eq!(*website, json!(shop.organization.first.website.to_string()));
    let error = assign(&shop, &list, &shop.customer, &json!({"sortOrder": 4})).expect(400).error();
    assert_eq!(error["title"], "unique entity constraint");
    let error = assign(&shop, &shop.price_list(&["USD"]), &shop.customer, &json!({})).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/attributes/sortOrder");

    let customer = json!({"customer": one("customers", &shop.customer)});
    let error = shop.try_create("pricelistcustomerfallbacks", &json!({"fallback": 2}), &customer).expect(400).error();
    assert_eq!(
        (&error["title"], &error["source"]["pointer"]),
        (&json!("choice constraint"), &json!("/data/attributes/fallback"))
    );
    shop.client().delete(&format!("/admin/api/customers/{}", shop.customer)).expect(204);
    let left = shop.client().get("/admin/api/pricelisttocustomers").expect(200).json();
    assert_eq!(left["data"], json!([]), "assignments go with their customer");
}

/// "`customerprices` (read-only, computed): filters customer, website, product (all needed) and currency, unit."
#[test]
fn the_prices_of_a_customer() {
    let shop = Shop::new();
    let (a, b) = (shop.product("A", &[("item", 0)]), shop.product("B", &[("item", 0)]));
    let error = shop.client().get("/admin/api/customerprices").expect(400).json();
    let told: Vec<_> = error["errors"].as_array().unwrap().iter().map(|error| error["detail"].clone()).collect();
    let expected = ["customer", "website", "product"].map(|name| format!("The \"{name}\" filter is required."));
    assert_eq!(told, expected);

    let (own, general) = (shop.price_list(&["USD", "EUR"]), shop.price_list(&["USD"]));
    shop.try_price(&own, &a, &json!({"value": "8", "quantity": 10})).expect(201);
    shop.try_price(&own, &a, &json!({"value": "7.5", "currency": "EUR"})).expect(201);
    shop.try_price(&general, &a, &json!({"value": "9"})).expect(201);
    shop.try_price(&general, &b, &json!({"value": "4"})).expect(201);
    assign(&shop, &own, &shop.customer, &json!({"sortOrder": 1})).expect(201);
    let general = json!({"priceList": one("pricelists", &general)});
    shop.create("pricelisttowebsites", &json!({"sortOrder": 1}), &general);

    let both = format!("{a},{b}");
    let answer = shop.client().get(&path(&shop, &shop.customer, &both)).expect(200);
    let row = |product: &str, quantity: &str, currency: &str, value: &str| {
        [product, quantity, currency, value].map(str::to_owned).into()
    };
    let mut found = rows(&answer);
    found.sort();
    let mut expected = vec![
        row(&a, "1", "EUR", "7.5000"),
        row(&a, "1", "USD", "9.0000"),
        row(&a, "10", "USD", "8.0000"),
        row(&b, "1", "USD", "4.0000"),
    ];
    expected.sort();
    assert_eq!(found, expected);
    let euros = shop.client().get(&format!("{}&filter[currency]=EUR", path(&shop, &shop.customer, &both))).expect(200);
    assert_eq!(rows(&euros), [row(&a, "1", "EUR", "7.5000")]);
    let sets = shop.client().get(&format!("{}&filter[unit]=set", path(&shop, &shop.customer, &both))).expect(200);
    assert_eq!(rows(&sets), []);

    let query = "&include=product,customer,unit,website&fields[products]=sku";
    let included = shop.client().get(&format!("{}{query}", path(&shop, &shop.customer, &both))).expect(200).json();
    let mut kinds: Vec<&str> =
        included["included"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["customers", "products", "products", "productunits", "websites"]);

    let id = answer.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let one = shop.client().get(&format!("{}&filter[id]={id}", path(&shop, &shop.customer, &both))).expect(200);
    assert_eq!(rows(&one), [found_by(&answer, &id)]);

    // A customer of another organization, and that organization's view of ours.
    let other = Shop::new();
    let answer = other.client().get(&path(&shop, &shop.customer, &both)).expect(200);
    assert_eq!(rows(&answer), []);
    let mixed = format!("{},{}", shop.customer, other.customer);
    assert_eq!(rows(&shop.client().get(&path(&shop, &mixed, &both)).expect(200)).len(), 4);
}

fn found_by(answer: &Answer, id: &str) -> (String, String, String, String) {
    let document = answer.json();
    let place = document["data"].as_array().unwrap().iter().position(|item| item["id"] == json!(id)).unwrap();
    rows(answer).remove(place)
}

/// Prices are seen by who may view the customer, the product and price lists.
#[test]
fn customer_prices_take_the_rights_of_what_they_are_made_of() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let list = shop.price_list(&["USD"]);
    shop.try_price(&list, &product, &json!({})).expect(201);
    assign(&shop, &list, &shop.customer, &json!({"sortOrder": 1})).expect(201);
    let path = path(&shop, &shop.customer, &product);
    let seen = |permissions: Value| shop.organization.user_who_may(&permissions).client.get(&path);
    let all = json!({"VIEW": "organization"});
    assert_eq!(rows(&seen(json!({"customers": all, "products": all, "pricelists": all})).expect(200)).len(), 1);
    for missing in ["customers", "products", "pricelists"] {
        let mut permissions = json!({"customers": all, "products": all, "pricelists": all, "customerprices": all});
        permissions[missing] = json!({});
        seen(permissions).expect(403);
    }
    let own = json!({"customers": {"VIEW": "user"}, "products": all, "pricelists": all});
    assert_eq!(rows(&seen(own).expect(200)), [], "the customer is someone else's");
}

/// "paging off": every price in one answer, with as many statements for one product as for many.
#[test]
fn the_number_of_statements_does_not_grow_with_the_products() {
    let server = TestServer::lasting(&database::own(), "");
    let shop = Shop::of(Organization::on(server));
    let list = shop.price_list(&["USD"]);
    assign(&shop, &list, &shop.customer, &json!({"sortOrder": 1})).expect(201);
    let product: i64 = shop.product("A", &[("item", 0)]).parse().unwrap();
    crate::support::rows::execute(
        &shop.organization,
        &format!(
            "INSERT INTO product (organization_id, sku, owner_id, attribute_family_id, inventory_status_id)
             SELECT organization_id, 'sku-' || n, owner_id, attribute_family_id, inventory_status_id
             FROM product CROSS JOIN generate_series(1, 499) AS n WHERE organization_id = $1 AND id = {product}"
        ),
    );
    crate::support::rows::execute(
        &shop.organization,
        &format!(
            "INSERT INTO product_price (organization_id, price_list_id, product_id, unit_code, quantity, currency, value)
             SELECT organization_id, {list}, id, 'item', n, 'USD', n FROM product CROSS JOIN generate_series(1, 3) AS n
             WHERE organization_id = $1"
        ),
    );
    let cost = |products: &str, prices: usize| {
        let path = format!("{}&include=product", path(&shop, &shop.customer, products));
        assert_eq!(rows(&shop.client().get(&path).expect(200)).len(), prices);
        let before = server.db.statements();
        shop.client().get(&path).expect(200);
        server.db.statements() - before
    };
    assert_eq!(cost(&product.to_string(), 3), 2);
    assert_eq!(cost(&format!("1..{}", product + 1_000_000), 1500), 2);
}
