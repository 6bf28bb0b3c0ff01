//! Addresses of customer users, what they share with those of customers, and the copies that orders make; ratings and
//! the states of accounts.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::unique;
use crate::support::shop::{Shop, line, many, one};

fn customer_user(shop: &Shop) -> String {
    let roles = shop.client().get("/admin/api/customeruserroles?filter[role]=ROLE_FRONTEND_BUYER").expect(200).json();
    let attributes =
        json!({"email": format!("{}@example.org", unique("buyer")), "firstName": "Ada", "lastName": "King"});
    let relationships = json!({
        "customer": one("customers", &shop.customer),
        "userRoles": many("customeruserroles", &[roles["data"][0]["id"].as_str().unwrap()]),
    });
    shop.create("customerusers", &attributes, &relationships)
}

fn post(shop: &Shop, user: &str, attributes: &Value) -> Answer {
    let mut all = json!({
        "street": "1 Main Street", "city": "Albany", "postalCode": "12207", "firstName": "Ada", "lastName": "King",
    });
    for (name, value) in attributes.as_object().unwrap() {
        all[name] = value.clone();
    }
    let relationships = json!({
        "customerUser": one("customerusers", user), "country": one("countries", "US"), "region": one("regions", "US-NY"),
    });
    shop.try_create("customeruseraddresses", &all, &relationships)
}

#[test]
fn one_address_of_a_customer_user_is_the_default_for_a_type() {
    let shop = Shop::new();
    let (user, other) = (customer_user(&shop), customer_user(&shop));
    let billing =
        json!({"types": [{"addressType": "billing", "default": true}, {"addressType": "shipping"}], "primary": true});
    let first = post(&shop, &user, &billing).expect(201).id();
    let elsewhere = post(&shop, &other, &billing).expect(201).id();
    let second = post(&shop, &user, &billing).expect(201).id();
    let said = |id: &str| {
        let attributes = shop.attributes("customeruseraddresses", id);
        (attributes["types"][0]["default"].clone(), attributes["primary"].clone())
    };
    assert_eq!(said(&first), (json!(false), json!(false)));
    assert_eq!(said(&second), (json!(true), json!(true)));
    assert_eq!(said(&elsewhere), (json!(true), json!(true)), "another user's addresses are left alone");
    let found = |query: &str| {
        let list = shop.client().get(&format!("/admin/api/customeruseraddresses?{query}")).expect(200).json();
        list["data"].as_array().unwrap().len()
    };
    assert_eq!(found("filter[addressType]=shipping"), 3);
    assert_eq!(found(&format!("filter[addressType]=billing&filter[customerUser]={user}")), 2);
    let path = format!("/admin/api/customerusers/{user}");
    let list = shop.client().get(&format!("{path}/addresses?sort=id")).expect(200).json();
    assert_eq!(list["data"][1]["id"], json!(second));
    // "customerUser" is set once; the addresses go with their user.
    let moved = json!({"data": {"type": "customeruseraddresses", "id": first, "relationships": {
        "customerUser": one("customerusers", &other),
    }}});
    let moved = shop.client().patch(&format!("/admin/api/customeruseraddresses/{first}"), &moved).expect(200).json();
    assert_eq!(moved["data"]["relationships"]["customerUser"]["data"]["id"], json!(user));
    shop.client().delete(&path).expect(204);
    shop.client().get(&format!("/admin/api/customeruseraddresses/{first}")).expect(404);
    assert_eq!(found("filter[addressType]=billing"), 1);
}

#[test]
fn an_address_of_a_customer_user_says_what_is_wrong_with_it() {
    let shop = Shop::new();
    let user = customer_user(&shop);
    let error = post(&shop, &user, &json!({"lastName": null})).expect(400).error();
    assert_eq!(error["title"], "name or organization constraint");
    let error = post(&shop, &user, &json!({"types": [{"addressType": "home"}]})).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/attributes/types/0/addressType");
    let twice = json!({"types": [{"addressType": "billing"}, {"addressType": "billing"}]});
    assert_eq!(post(&shop, &user, &twice).expect(400).error()["title"], "unique collection item constraint");
}

/// "`customerAddress` or `customerUserAddress` copies the data and then no other address field may be sent"
#[test]
fn an_order_address_copies_that_of_a_customer_user() {
    let shop = Shop::new();
    let user = customer_user(&shop);
    let address = post(&shop, &user, &json!({"label": "Home"})).expect(201).id();
    let attributes = json!({"street": "2 Elm", "city": "Boston", "postalCode": "02110", "organization": "Atlas"});
    let relationships = json!({"customer": one("customers", &shop.customer), "country": one("countries", "US")});
    let of_customer = shop.create("customeraddresses", &attributes, &relationships);
    let product = shop.product(&unique("sku"), &[("item", 0)]);
    let copy = json!({
        "type": "orderaddresses", "id": "a",
        "relationships": {"customerUserAddress": one("customeruseraddresses", &address)},
    });
    let order = |copy: &Value| {
        let mut body = shop.order(&[line("1", &product, &json!(1), "1"), copy.clone()]);
        body["data"]["relationships"]["billingAddress"] = one("orderaddresses", "a");
        shop.client().post("/admin/api/orders", &body)
    };
    let made = order(&copy).expect(201).json();
    let stored = made["data"]["relationships"]["billingAddress"]["data"]["id"].as_str().unwrap().to_owned();
    let read = || shop.client().get(&format!("/admin/api/orderaddresses/{stored}")).expect(200).json()["data"].clone();
    assert_eq!(read()["attributes"]["label"], "Home");
    assert_eq!(read()["relationships"]["region"]["data"]["id"], "US-NY");
    // The copy of another address is that one's.
    let change = json!({"data": {"type": "orderaddresses", "id": stored, "relationships": {
        "customerAddress": one("customeraddresses", &of_customer),
    }}});
    shop.client().patch(&format!("/admin/api/orderaddresses/{stored}"), &change).expect(200);
    assert_eq!(read()["attributes"]["street"], "2 Elm");
    assert_eq!(read()["relationships"]["customerUserAddress"]["data"], Value::Null);
    let mut both = copy;
    both["relationships"]["customerAddress"] = one("customeraddresses", &of_customer);
    assert_eq!(order(&both).expect(400).error()["title"], "order address constraint");
}

#[test]
fn customers_are_rated() {
    let shop = Shop::new();
    let rate = |rating: Value| {
        let body = json!({"data": {
            "type": "customers", "id": shop.customer, "relationships": {"internal_rating": {"data": rating}},
        }});
        shop.client().patch(&format!("/admin/api/customers/{}", shop.customer), &body)
    };
    rate(json!({"type": "customerratings", "id": "4_of_5"})).expect(200);
    let found = |filter: &str| {
        let list = shop.client().get(&format!("/admin/api/customers?filter[internal_rating]={filter}")).expect(200);
        list.json()["data"].as_array().unwrap().len()
    };
    assert_eq!((found("4_of_5,5_of_5"), found("1_of_5")), (1, 0));
    rate(json!({"type": "customerratings", "id": "6_of_5"})).expect(400);
    rate(Value::Null).expect(200);
    assert_eq!(found("4_of_5,5_of_5"), 0);
    let ratings = shop.client().get("/admin/api/customerratings?sort=-priority").expect(200).json();
    assert_eq!(ratings["data"][0]["attributes"], json!({"name": "5 of 5", "priority": 5, "default": false}));
}

#[test]
fn the_account_of_a_customer_user_has_a_state() {
    let shop = Shop::new();
    let user = customer_user(&shop);
    let path = format!("/admin/api/customerusers/{user}/relationships/auth_status");
    assert_eq!(shop.client().get(&path).expect(200).json()["data"]["id"], "active");
    shop.client().patch(&path, &one("customeruserauthstatuses", "locked")).expect(204);
    let list = shop.client().get("/admin/api/customerusers?filter[auth_status]=locked").expect(200).json();
    assert_eq!(list["data"][0]["id"], json!(user));
    shop.client().patch(&path, &json!({"data": null})).expect(400);
}
