//! The catalogue in the caller's language and at the caller's prices.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::organization::Organization;
use crate::support::shop::{Shop, many, one};

/// The id of the localization of that name.
fn localization(shop: &Shop, code: &str) -> String {
    let list = shop.client().get("/admin/api/localizations?page[size]=-1").expect(200).json();
    let found = list["data"].as_array().unwrap().iter().find(|item| item["attributes"]["formattingCode"] == code);
    found.unwrap_or_else(|| panic!("no {code} in {list}"))["id"].as_str().unwrap().to_owned()
}

fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> crate::support::client::Answer {
    client.send(Method::GET, path, |mut request| {
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request
    })
}

fn name(client: &Client, product: &str, localization: Option<&str>) -> Value {
    let headers: Vec<(&str, &str)> = localization.iter().map(|id| ("X-Localization-ID", *id)).collect();
    let answer = get(client, &format!("/api/products/{product}"), &headers).expect(200);
    answer.json()["data"]["attributes"]["name"].clone()
}

/// "Storefront: a flat string attribute in the current localization", with the rules of `fallback` (null, `system`,
/// `parent_localization`).
#[test]
fn texts_are_in_the_current_localization() {
    let shop = Shop::of(Organization::new());
    let product = shop.product("A", &[("item", 0)]);
    let client = shop.organization.storefront_user().client;
    let german = localization(&shop, "de_DE");
    assert_eq!(name(&client, &product, None), "Name of A");
    assert_eq!(name(&client, &product, Some(&german)), "Name of A");
    let text = |attributes: Value| {
        let relationships =
            json!({"product": one("products", &product), "localization": one("localizations", &german)});
        shop.create("productnames", &attributes, &relationships)
    };
    let id = text(json!({"string": "Bohrer"}));
    assert_eq!(name(&client, &product, Some(&german)), "Bohrer");
    assert_eq!(name(&client, &product, None), "Name of A");
    shop.change("productnames", &id, &json!({"fallback": "system", "string": null})).expect(200);
    assert_eq!(name(&client, &product, Some(&german)), "Name of A");
    // In included records and in lists as well.
    shop.change("productnames", &id, &json!({"fallback": null, "string": "Bohrer"})).expect(200);
    let headers = [("X-Localization-ID", german.as_str())];
    let list = get(&client, "/api/products?fields[products]=name", &headers).expect(200).json();
    assert_eq!(list["data"][0]["attributes"], json!({"name": "Bohrer"}));
    for wrong in ["999999", "de", ""] {
        let error = get(&client, "/api/products", &[("X-Localization-ID", wrong)]).expect(400).error();
        assert_eq!(error["title"], "invalid header value exception");
        assert_eq!(error["source"]["header"], "X-Localization-ID");
        assert!(error["detail"].as_str().unwrap().contains("localizations"), "{error}");
    }
}

/// Prices follow the customer's price lists, in the current currency; a product without a price has none.
#[test]
fn each_customer_sees_its_own_prices() {
    let shop = Shop::of(Organization::new());
    let (product, unpriced) = (shop.product("A", &[("item", 0)]), shop.product("B", &[("item", 0)]));
    let (gold, other) = (shop.organization.customer(None), shop.organization.customer(None));
    let website = shop.client().get("/admin/api/websites").expect(200).json()["data"][0]["id"].clone();
    let list = |currencies: &[&str], customer: i64, prices: &[Value]| {
        let list = shop.price_list(currencies);
        for price in prices {
            shop.try_price(&list, &product, price).expect(201);
        }
        let relationships = json!({
            "priceList": one("pricelists", &list),
            "customer": one("customers", &customer.to_string()),
            "website": one("websites", website.as_str().unwrap()),
        });
        shop.create("pricelisttocustomers", &json!({"sortOrder": 1, "mergeAllowed": true}), &relationships);
    };
    let euro = json!({"value": "9", "currency": "EUR"});
    list(&["USD", "EUR"], gold, &[json!({"value": "8.5"}), json!({"value": "7", "quantity": 10}), euro]);
    list(&["USD"], other, &[json!({"value": "12"})]);
    let prices = |customer: i64, product: &str, currency: Option<&str>| {
        let client = shop.organization.customer_user(customer, &json!({})).client;
        let headers: Vec<(&str, &str)> = currency.iter().map(|code| ("X-Currency", *code)).collect();
        let answer = get(&client, &format!("/api/products/{product}"), &headers).expect(200).json();
        answer["data"]["attributes"]["prices"].clone()
    };
    let price = |value: &str, currency: &str, quantity: i64| json!({"price": value, "currencyId": currency, "quantity": quantity, "unit": "item"});
    assert_eq!(prices(gold, &product, None), json!([price("8.5000", "USD", 1), price("7.0000", "USD", 10)]));
    assert_eq!(prices(gold, &product, Some("EUR")), json!([price("9.0000", "EUR", 1)]));
    assert_eq!(prices(other, &product, None), json!([price("12.0000", "USD", 1)]));
    assert_eq!(prices(other, &product, Some("EUR")), json!([]));
    assert_eq!(prices(gold, &unpriced, None), json!([]));
    let client = shop.organization.customer_user(gold, &json!({})).client;
    for wrong in ["GBP", "eur", "dollars"] {
        let error = get(&client, "/api/products", &[("X-Currency", wrong)]).expect(400).error();
        assert!(error["detail"].as_str().unwrap().contains("EUR, USD"), "{error}");
        assert_eq!(error["source"]["header"], "X-Currency");
    }
}

/// "products (enabled ones only)": a disabled one is nowhere, whatever leads to it.
#[test]
fn disabled_products_do_not_exist() {
    let shop = Shop::of(Organization::new());
    let part = shop.product("PART", &[("item", 0)]);
    let (kit, item) = shop.kit("KIT", &part);
    let client = shop.organization.storefront_user().client;
    let units =
        client.get(&format!("/api/products/{part}")).expect(200).json()["data"]["attributes"]["unitPrecisions"].clone();
    assert_eq!(units[0]["unit"], "item");
    assert_eq!(units[0]["default"], true);
    let label = client.get(&format!("/api/productkititems/{item}")).expect(200).json();
    assert_eq!(label["data"]["attributes"]["label"], "Base");
    shop.change("products", &kit, &json!({"status": "disabled"})).expect(200);
    client.get(&format!("/api/productkititems/{item}")).expect(403);
    assert_eq!(super::ids(&client, "/api/products"), [part.as_str()]);
    assert_eq!(super::ids(&client, "/api/productkititems"), Vec::<String>::new());
    assert_eq!(super::ids(&client, "/api/productkititemproducts?include=product"), Vec::<String>::new());
    shop.change("products", &part, &json!({"status": "disabled"})).expect(200);
    assert_eq!(super::ids(&client, "/api/products?filter[sku]=PART"), Vec::<String>::new());
    let hidden = client.get(&format!("/api/products/{part}")).expect(403).text;
    assert!(!hidden.contains("PART"), "{hidden}");
}

/// The tree of categories: `filter[root]` is the part from a node on, `rootCategory` the products in it.
#[test]
fn categories_form_a_tree() {
    let shop = Shop::of(Organization::new());
    let root = shop.organization.first.root_category.to_string();
    let category = |title: &str, parent: &str| {
        let body = json!({
            "data": {"type": "categories", "relationships": {
                "titles": many("categorytitles", &["title"]), "parentCategory": one("categories", parent),
            }},
            "included": [{"type": "categorytitles", "id": "title", "attributes": {"string": title}}],
        });
        shop.client().post("/admin/api/categories", &body).expect(201).id()
    };
    let tools = category("Tools", &root);
    let drills = category("Drills", &tools);
    let garden = category("Garden", &root);
    let product = shop.product("A", &[("item", 0)]);
    let link =
        json!({"data": {"type": "products", "id": product, "relationships": {"category": one("categories", &drills)}}});
    shop.client().patch(&format!("/admin/api/products/{product}"), &link).expect(200);
    let client = shop.organization.storefront_user().client;
    let title = client.get(&format!("/api/mastercatalogcategories/{drills}?include=categoryPath")).expect(200).json();
    assert_eq!(title["data"]["attributes"]["title"], "Drills");
    let path = title["data"]["relationships"]["categoryPath"]["data"].as_array().unwrap().len();
    assert_eq!(path, 2, "All Products and Tools");
    assert_eq!(
        super::ids(&client, &format!("/api/mastercatalogtree?filter[root]={tools}")),
        super::sorted(&[&tools, &drills])
    );
    let node = client.get(&format!("/api/mastercatalogtree/{drills}?include=category,parent")).expect(200).json();
    assert_eq!(node["data"]["relationships"]["parent"]["data"]["id"], tools.as_str());
    assert_eq!(node["data"]["relationships"]["category"]["data"]["id"], drills.as_str());
    let within = |id: &str| super::ids(&client, &format!("/api/products?filter[rootCategory]={id}"));
    assert_eq!(
        (within(&root), within(&tools), within(&drills)),
        (vec![product.clone()], vec![product.clone()], vec![product])
    );
    assert_eq!(within(&garden), Vec::<String>::new());
}
