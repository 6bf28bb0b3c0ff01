//! Line items: their product, unit, quantity and price, and the prices of kits.

use serde_json::{Value, json};

use crate::support::shop::{Shop, line, many, one};

fn first_line(shop: &Shop, order: &str) -> Value {
    let lines = shop.client().get(&format!("/admin/api/orders/{order}/lineItems")).expect(200).json();
    lines["data"][0].clone()
}

/// "a product by `product` or by `productSku` (SKU matched case-insensitively, only if `product` is not sent)"
#[test]
fn a_product_is_found_by_its_sku() {
    let shop = Shop::new();
    let product = shop.product("Bolt-8", &[("item", 0)]);
    let mut part = line("1", &product, &json!(1), "1");
    part["relationships"].as_object_mut().unwrap().remove("product");
    part["attributes"]["productSku"] = json!("bOLT-8");
    let order = shop.try_order(std::slice::from_ref(&part)).expect(201).id();
    let stored = first_line(&shop, &order);
    assert_eq!(stored["relationships"]["product"]["data"]["id"], json!(product));
    assert_eq!(stored["attributes"]["productSku"], "Bolt-8");
    assert_eq!(stored["attributes"]["productName"], "Name of Bolt-8");
    assert_eq!(stored["attributes"]["productUnitCode"], "item");

    part["attributes"]["productSku"] = json!("nothing");
    let error = shop.try_order(std::slice::from_ref(&part)).expect(400).error();
    assert_eq!(error["title"], "line item constraint");
    assert_eq!(error["source"]["pointer"], "/included/0/attributes/productSku");

    part["relationships"]["product"] = one("products", &product);
    shop.try_order(&[part]).expect(201);
}

/// "or a free-form product name `freeFormProduct`"
#[test]
fn a_free_form_product_needs_no_catalogue() {
    let shop = Shop::new();
    let part = json!({
        "type": "orderlineitems",
        "id": "1",
        "attributes": {"freeFormProduct": "Assembly", "quantity": 1, "value": "80", "currency": "USD"},
        "relationships": {"productUnit": one("productunits", "item")},
    });
    let order = shop.try_order(std::slice::from_ref(&part)).expect(201).id();
    assert_eq!(first_line(&shop, &order)["attributes"]["freeFormProduct"], "Assembly");

    let mut nameless = part;
    nameless["attributes"].as_object_mut().unwrap().remove("freeFormProduct");
    let error = shop.try_order(&[nameless]).expect(400).error();
    assert_eq!(error["title"], "line item constraint");
    assert_eq!(error["source"]["pointer"], "/included/0/relationships/product/data");
}

/// "Line item: `quantity`, `productUnit`, `value` + `currency` (price)"
#[test]
fn quantity_unit_and_price_are_required() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    for (group, member, pointer) in [
        ("attributes", "quantity", "/included/0/attributes/quantity"),
        ("attributes", "value", "/included/0/attributes/value"),
        ("attributes", "currency", "/included/0/attributes/currency"),
        ("relationships", "productUnit", "/included/0/relationships/productUnit/data"),
    ] {
        let mut part = line("1", &product, &json!(1), "1");
        part[group].as_object_mut().unwrap().remove(member);
        let error = shop.try_order(&[part]).expect(400).error();
        assert_eq!(error["title"], "not blank constraint", "{member}");
        assert_eq!(error["source"]["pointer"], pointer);
    }
}

#[test]
fn the_unit_is_one_of_the_products_with_its_decimals() {
    let shop = Shop::new();
    let product = shop.product("A", &[("kg", 2), ("item", 0)]);
    let mut part = line("1", &product, &json!(1), "1");
    part["relationships"]["productUnit"] = one("productunits", "set");
    let error = shop.try_order(std::slice::from_ref(&part)).expect(400).error();
    assert_eq!(error["title"], "product unit exists constraint");
    assert_eq!(error["source"]["pointer"], "/included/0/relationships/productUnit/data");

    part["relationships"]["productUnit"] = one("productunits", "kg");
    part["attributes"]["quantity"] = json!(1.25);
    let order = shop.try_order(std::slice::from_ref(&part)).expect(201).id();
    part["attributes"]["quantity"] = json!(1.255);
    let error = shop.try_order(&[part]).expect(400).error();
    assert_eq!(error["title"], "quantity unit precision constraint");
    assert_eq!(error["source"]["pointer"], "/included/0/attributes/quantity");

    let item = first_line(&shop, &order)["id"].as_str().unwrap().to_owned();
    let error = shop.change("orderlineitems", &item, &json!({"quantity": 0.001})).expect(400).error();
    assert_eq!(error["title"], "quantity unit precision constraint", "the stored unit counts too");
}

#[test]
fn a_line_has_the_currency_of_its_order() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let mut part = line("1", &product, &json!(1), "1");
    part["attributes"]["currency"] = json!("EUR");
    let error = shop.try_order(&[part]).expect(400).error();
    assert_eq!(error["title"], "currency match constraint");
    assert_eq!(error["source"]["pointer"], "/included/0/attributes/currency");
}

#[test]
fn an_amount_that_no_column_holds_is_refused() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let part = line("1", &product, &json!(1_000_000), "99999999999");
    let error = shop.try_order(&[part]).expect(400).error();
    assert_eq!(error["title"], "range constraint");
}

fn kit_parts(kit: &str, kit_item: &str, product: &str, price: &str) -> [Value; 2] {
    let mut kit = line("kit", kit, &json!(6), price);
    kit["relationships"]["kitItemLineItems"] = many("orderproductkititemlineitems", &["choice"]);
    let choice = json!({
        "type": "orderproductkititemlineitems",
        "id": "choice",
        "attributes": {"quantity": 1, "value": "10.59", "currency": "USD", "sortOrder": 1},
        "relationships": {
            "kitItem": one("productkititems", kit_item),
            "product": one("products", product),
            "productUnit": one("productunits", "item"),
        },
    });
    [kit, choice]
}

/// "Test numbers: lines 1 x 10 + 6 x 10.59 (kit) -> "73.5400"."
#[test]
fn a_kit_costs_its_own_price_and_that_of_its_items() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let (kit, kit_item) = shop.kit("KIT", &product);
    let [line_of_kit, choice] = kit_parts(&kit, &kit_item, &product, "0");
    let order = shop.try_order(&[line("1", &product, &json!(1), "10"), line_of_kit, choice]).expect(201).id();
    assert_eq!(shop.attributes("orders", &order)["totalValue"], "73.5400");

    let list = shop.price_list(&["USD"]);
    shop.try_price(&list, &kit, &json!({"value": "2.5"})).expect(201);
    let relationships = json!({"priceList": one("pricelists", &list), "customer": one("customers", &shop.customer)});
    shop.create("pricelisttocustomers", &json!({"sortOrder": 1}), &relationships);
    let [line_of_kit, choice] = kit_parts(&kit, &kit_item, &product, "1");
    let order = shop.try_order(&[line_of_kit, choice]).expect(201).id();
    let stored = first_line(&shop, &order);
    assert_eq!(stored["attributes"]["value"], "13.0900", "the price list's 2.5, not the sent 1");
    assert_ne!(stored["attributes"]["checksum"], "");

    let item = stored["relationships"]["kitItemLineItems"]["data"][0]["id"].as_str().unwrap().to_owned();
    let copy = shop.attributes("orderproductkititemlineitems", &item);
    assert_eq!(copy["kitItemLabel"], "Base");
    assert_eq!(copy["productSku"], "A");
    assert_eq!(copy["kitItemId"].to_string(), kit_item);
    shop.change("orderproductkititemlineitems", &item, &json!({"quantity": 2})).expect(200);
    assert_eq!(first_line(&shop, &order)["attributes"]["value"], "23.6800");
    assert_eq!(shop.attributes("orders", &order)["totalValue"], "142.0800");
    let error = shop.client().delete(&format!("/admin/api/orderproductkititemlineitems/{item}")).expect(403).error();
    let reason = "The delete operation is forbidden. Reason: the kit needs a product for \"Base\".";
    assert_eq!(error["detail"], reason);
}

/// The sent price of a kit is kept apart: pricing the kit again does not add its items twice.
#[test]
fn a_kit_priced_again_costs_the_same() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let (kit, kit_item) = shop.kit("KIT", &product);
    let order = shop.try_order(&kit_parts(&kit, &kit_item, &product, "3")).expect(201).id();
    let item = first_line(&shop, &order)["id"].as_str().unwrap().to_owned();
    let changed = shop.change("orderlineitems", &item, &json!({"quantity": 2})).expect(200);
    assert_eq!(changed.json()["data"]["attributes"]["value"], "13.5900");
    assert_eq!(shop.attributes("orders", &order)["totalValue"], "27.1800");
}

#[test]
fn a_kit_item_is_chosen_from_the_kit() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let other = shop.product("B", &[("set", 0), ("item", 0)]);
    let (kit, kit_item) = shop.kit("KIT", &product);
    let [line_of_kit, choice] = kit_parts(&kit, &kit_item, &product, "0");

    let error = shop.try_order(&[line("kit", &kit, &json!(1), "1")]).expect(400).error();
    assert_eq!(error["title"], "product kit line item contains required kit items constraint");

    let mut wrong = choice.clone();
    wrong["relationships"]["product"] = one("products", &other);
    let error = shop.try_order(&[line_of_kit.clone(), wrong]).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/included/1/relationships/product/data");

    let mut wrong = choice.clone();
    wrong["relationships"]["productUnit"] = one("productunits", "set");
    let error = shop.try_order(&[line_of_kit.clone(), wrong]).expect(400).error();
    assert_eq!(error["title"], "product kit item line item product unit available constraint");

    let mut wrong = choice;
    wrong["attributes"]["quantity"] = json!(11);
    let error = shop.try_order(&[line_of_kit, wrong]).expect(400).error();
    assert_eq!(error["title"], "range constraint");
    assert_eq!(error["source"]["pointer"], "/included/1/attributes/quantity");
}
