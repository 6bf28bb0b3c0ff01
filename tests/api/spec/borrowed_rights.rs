//! Linking a record is no way round the rights on it: what a link changes takes EDIT on the record it changes.

use serde_json::{Value, json};

use crate::support::organization::User;
use crate::support::shop::{Shop, line, many, one};

/// A caller who sees everything and edits its own orders, customers and files; an order and a customer of somebody else.
struct World {
    shop: Shop,
    caller: User,
    own_order: String,
    other_order: String,
    product: String,
}

impl World {
    fn new() -> World {
        let shop = Shop::new();
        let own = json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "user", "DELETE": "user"});
        let caller = shop.organization.user_who_may(&json!({
            "*": {"VIEW": "organization"}, "orders": own, "customers": own, "files": own,
            "products": {"VIEW": "organization", "EDIT": "organization"},
        }));
        let product = shop.product("BORROWED", &[("item", 0)]);
        let other_order = shop.try_order(&[line("a", &product, &json!(1), "1")]).expect(201).id();
        let own_order = shop.try_order(&[line("a", &product, &json!(1), "1")]).expect(201).id();
        let owner = one("users", &caller.id.to_string());
        shop.client().patch(&format!("/admin/api/orders/{own_order}/relationships/owner"), &owner).expect(204);
        World { shop, caller, own_order, other_order, product }
    }

    fn try_link(&self, path: &str, body: &Value) -> u16 {
        self.caller.client.patch(path, body).status
    }
}

fn address() -> Value {
    json!({"label": "A", "street": "S", "city": "C", "postalCode": "1", "organization": "O", "firstName": "F", "lastName": "L"})
}

/// An address of another order does not become mine by being linked to my order.
#[test]
fn an_address_of_another_order_cannot_be_taken() {
    let world = World::new();
    let included = json!([{"type": "orderaddresses", "id": "a", "attributes": address(),
                           "relationships": {"country": one("countries", "DE")}}]);
    let body = json!({"data": {"type": "orders", "id": world.other_order,
                               "relationships": {"billingAddress": one("orderaddresses", "a")}}, "included": included});
    let order =
        world.shop.client().patch(&format!("/admin/api/orders/{}", world.other_order), &body).expect(200).json();
    let theirs = order["data"]["relationships"]["billingAddress"]["data"]["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/api/orders/{}/relationships/billingAddress", world.own_order);
    assert_eq!(world.try_link(&path, &one("orderaddresses", &theirs)), 403);
    let change = json!({"data": {"type": "orderaddresses", "id": theirs, "attributes": {"street": "taken"}}});
    assert_eq!(world.try_link(&format!("/admin/api/orderaddresses/{theirs}"), &change), 403);
}

/// Records in a list have their foreign key written: that takes EDIT on each of them.
#[test]
fn a_list_does_not_take_records_that_the_caller_may_not_edit() {
    let world = World::new();
    let orders = json!({"data": [{"type": "orders", "id": world.other_order}]});
    let path = format!("/admin/api/orders/{}/relationships/subOrders", world.own_order);
    assert_eq!(world.caller.client.post(&path, &orders).status, 403);
    let other = world.shop.client().get(&format!("/admin/api/orders/{}", world.other_order)).expect(200).json();
    assert_eq!(other["data"]["relationships"]["parent"]["data"], Value::Null);
    // The caller's own orders go in and out.
    let second = world.shop.try_order(&[line("a", &world.product, &json!(1), "1")]).expect(201).id();
    let owner = one("users", &world.caller.id.to_string());
    world.shop.client().patch(&format!("/admin/api/orders/{second}/relationships/owner"), &owner).expect(204);
    world.caller.client.post(&path, &many("orders", &[&second])).expect(204);
    world.caller.client.patch(&path, &json!({"data": []})).expect(204);
}

/// A shipping tracking of another order is a part of that order.
#[test]
fn a_tracking_of_another_order_cannot_be_taken() {
    let world = World::new();
    let relationships = json!({"orders": many("orders", &[&world.other_order])});
    let tracking = world.shop.create("ordershippingtrackings", &json!({"method": "m", "number": "n"}), &relationships);
    let path = format!("/admin/api/orders/{}/relationships/shippingTrackings", world.own_order);
    assert_eq!(world.caller.client.post(&path, &many("ordershippingtrackings", &[&tracking])).status, 403);
}

/// A file of another user does not go with my picture.
#[test]
fn a_file_of_another_user_cannot_be_taken() {
    let world = World::new();
    let file = world.shop.create(
        "files",
        &json!({"content": "aGk=", "originalFilename": "a.txt", "mimeType": "text/plain"}),
        &json!({}),
    );
    let body = json!({"data": {"type": "productimages", "relationships": {
        "product": one("products", &world.product), "image": one("files", &file)}}});
    assert_eq!(world.caller.client.post("/admin/api/productimages", &body).status, 403);
}
