//! Configurable products and their variants.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::unique;
use crate::support::shop::{Shop, many, one};

fn link(shop: &Shop, parent: &str, variant: &str) -> Answer {
    let relationships = json!({"parentProduct": one("products", parent), "product": one("products", variant)});
    shop.try_create("productvariantlinks", &json!({}), &relationships)
}

fn simple(shop: &Shop) -> String {
    shop.product(&unique("sku"), &[("item", 0)])
}

/// The id of a second attribute family, which no request can make.
fn family(shop: &Shop) -> String {
    let organization = shop.organization.id();
    let row: Id = shop.organization.write(|conn| {
        let query = "INSERT INTO attribute_family (organization_id, code) VALUES ($1, 'other') RETURNING id";
        Ok(diesel::sql_query(query).bind::<BigInt, _>(organization).get_result(conn)?)
    });
    row.id.to_string()
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[track_caller]
fn refused(answer: Answer, title: &str, pointer: &str, detail: &str) {
    let error = answer.expect(400).error();
    assert_eq!((error["title"].as_str(), error["source"]["pointer"].as_str()), (Some(title), Some(pointer)), "{error}");
    assert!(error["detail"].as_str().unwrap().contains(detail), "{error}");
}

const LINKS: &str = "product variant links constraint";
const UNIQUE: &str = "unique product variant links constraint";

/// A configurable product is made with its variants in one request, and keeps the links when it is sent again.
#[test]
fn a_configurable_product_comes_with_its_variants() {
    let shop = Shop::new();
    let (parent, small, large) = (shop.configurable(&["size"]), simple(&shop), simple(&shop));
    let part = |label: &str, product: &str| json!({"type": "productvariantlinks", "id": label, "relationships": {"product": one("products", product)}});
    let body = json!({
        "data": {"type": "products", "id": parent, "relationships": {"variantLinks": many("productvariantlinks", &["s", "l"])}},
        "included": [part("s", &small), part("l", &large)],
    });
    let path = format!("/admin/api/products/{parent}");
    let links = |answer: Answer| answer.expect(200).json()["data"]["relationships"]["variantLinks"]["data"].clone();
    let first = links(shop.client().patch(&path, &body));
    assert_eq!(first.as_array().unwrap().len(), 2);
    assert_eq!(links(shop.client().patch(&path, &body)), first);
    let found =
        shop.client().get(&format!("/admin/api/products?filter[variantLinks.product]={small}")).expect(200).json();
    assert_eq!(found["data"][0]["id"], json!(parent));
    // What leaves the list is gone.
    let one_left = json!({"data": [first[0].clone()]});
    shop.client().patch(&format!("{path}/relationships/variantLinks"), &one_left).expect(204);
    shop.client().get(&format!("/admin/api/productvariantlinks/{}", first[1]["id"].as_str().unwrap())).expect(404);
}

/// Links lead from a configurable product to a simple one of the same attribute family.
#[test]
fn links_lead_from_configurable_to_simple_products() {
    let shop = Shop::new();
    let (parent, other, variant) = (shop.configurable(&["size"]), shop.configurable(&["size"]), simple(&shop));
    let (kit, _) = shop.kit(&unique("kit"), &variant);
    let (at_parent, at_product) = ("/data/relationships/parentProduct/data", "/data/relationships/product/data");
    refused(link(&shop, &parent, &parent), LINKS, at_product, "itself");
    refused(
        link(&shop, &variant, &simple(&shop)),
        LINKS,
        at_parent,
        "is simple; only a configurable product has variants",
    );
    refused(link(&shop, &parent, &other), LINKS, at_product, "is configurable; only a simple product is a variant");
    refused(link(&shop, &parent, &kit), LINKS, at_product, "is kit; only a simple product is a variant");
    let family = family(&shop);
    let stranger = simple(&shop);
    let move_to = |product: &str, family: &str| {
        shop.client().patch(
            &format!("/admin/api/products/{product}/relationships/attributeFamily"),
            &json!({"data": {"type": "attributefamilies", "id": family}}),
        )
    };
    move_to(&stranger, &family).expect(204);
    refused(link(&shop, &parent, &stranger), LINKS, at_product, "another attribute family");

    // What holds when the link is made holds when its products change.
    link(&shop, &parent, &variant).expect(201);
    refused(link(&shop, &parent, &variant), "unique entity constraint", at_parent, "already used");
    refused(
        shop.change("products", &parent, &json!({"productType": "simple"})),
        LINKS,
        "/data/attributes/productType",
        "is simple",
    );
    refused(
        shop.change("products", &variant, &json!({"productType": "configurable", "variantFields": ["size"]})),
        LINKS,
        "/data/attributes/productType",
        "is configurable",
    );
    move_to(&variant, &family).expect(400);
    move_to(&parent, &family).expect(400);
    // "configurable products need `variantFields`"
    refused(
        shop.change("products", &parent, &json!({"variantFields": []})),
        "not blank constraint",
        "/data/attributes/variantFields",
        "blank",
    );
}

/// Variants differ in what their parent says they differ in, and have a value for it.
#[test]
fn variants_have_combinations_of_their_own() {
    let shop = Shop::new();
    let parent = shop.configurable(&["brand", "featured"]);
    let brand = || {
        let body = json!({
            "data": {"type": "brands", "attributes": {"status": "enabled"}, "relationships": {"names": many("localizedfallbackvalues", &["n"])}},
            "included": [{"type": "localizedfallbackvalues", "id": "n", "attributes": {"string": unique("brand")}}],
        });
        shop.client().post("/admin/api/brands", &body).expect(201).id()
    };
    let of = |product: &str, brand: Value| {
        let path = format!("/admin/api/products/{product}/relationships/brand");
        shop.client().patch(&path, &json!({"data": brand}))
    };
    let named = |id: &str| json!({"type": "brands", "id": id});
    let (red, blue) = (brand(), brand());
    let (first, second) = (simple(&shop), simple(&shop));
    let at_product = "/data/relationships/product/data";
    refused(link(&shop, &parent, &first), LINKS, at_product, "no value for the variant fields: brand");
    of(&first, named(&red)).expect(204);
    of(&second, named(&red)).expect(204);
    link(&shop, &parent, &first).expect(201);
    refused(link(&shop, &parent, &second), UNIQUE, at_product, "the same variant fields");
    of(&second, named(&blue)).expect(204);
    let second_link = link(&shop, &parent, &second).expect(201).id();
    // The other field alone tells them apart as well, and only what is told apart may be changed.
    assert_eq!(of(&second, named(&red)).expect(400).error()["title"], UNIQUE);
    assert_eq!(of(&second, Value::Null).expect(400).error()["title"], LINKS);
    shop.change("products", &second, &json!({"featured": true})).expect(200);
    of(&second, named(&red)).expect(204);
    refused(shop.change("products", &second, &json!({"featured": false})), UNIQUE, "/data", "the same variant fields");
    refused(
        shop.change("products", &parent, &json!({"variantFields": ["brand"]})),
        UNIQUE,
        "/data/attributes/variantFields",
        "same",
    );
    // A field that products do not have decides nothing.
    shop.change("products", &parent, &json!({"variantFields": ["brand", "size"]})).expect(200);
    // Without the link everything goes.
    shop.client().delete(&format!("/admin/api/productvariantlinks/{second_link}")).expect(204);
    shop.change("products", &second, &json!({"featured": false})).expect(200);
}

/// Links stay with their parent, and go with either product.
#[test]
fn a_link_stays_with_its_parent() {
    let shop = Shop::new();
    let (parent, other, variant) = (shop.configurable(&["size"]), shop.configurable(&["size"]), simple(&shop));
    let id = link(&shop, &parent, &variant).expect(201).id();
    let moved = |parent: &str| {
        let body = json!({"data": {"type": "productvariantlinks", "id": id, "relationships": {"parentProduct": one("products", parent)}}});
        shop.client().patch(&format!("/admin/api/productvariantlinks/{id}"), &body)
    };
    moved(&parent).expect(200);
    refused(
        moved(&other),
        "unchangeable field constraint",
        "/data/relationships/parentProduct/data",
        "cannot be changed",
    );
    assert_eq!(shop.attributes("productvariantlinks", &id)["visible"], json!(true));
    link(&shop, &other, &variant).expect(201);
    shop.client().delete(&format!("/admin/api/products/{parent}")).expect(204);
    shop.client().get(&format!("/admin/api/productvariantlinks/{id}")).expect(404);
    shop.client().get(&format!("/admin/api/products/{variant}")).expect(200);
    shop.client().delete(&format!("/admin/api/products/{variant}")).expect(204);
    let left = shop.client().get("/admin/api/productvariantlinks").expect(200).json();
    assert_eq!(left["data"], json!([]));
    shop.client().get(&format!("/admin/api/products/{other}")).expect(200);
}

/// Two requests at once that would make two variants alike: one of them is refused.
#[test]
fn simultaneous_changes_do_not_make_variants_alike() {
    let shop = Shop::new();
    for _ in 0..8 {
        let parent = shop.configurable(&["featured"]);
        let variants = [simple(&shop), simple(&shop)];
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                variants.iter().map(|variant| scope.spawn(|| link(&shop, &parent, variant).status)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 1, "{statuses:?}");
    }
}
