//! The storefront: what each caller sees of it, and in which words.

mod catalog;
mod customer_user;
mod media;
mod order;
mod product;
mod rights;
mod visitor;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::organization::{Organization, User};
use crate::support::shop::{Shop, line, one};

/// A customer with a branch below it and a stranger beside it, each with a user, addresses and an order; and the shop that
/// they buy from.
struct World {
    shop: Shop,
    top: Account,
    branch: Account,
    foreign: Account,
}

/// A customer and what belongs to it: ids.
struct Account {
    customer: i64,
    user: i64,
    of: Vec<(&'static str, String)>,
}

impl Account {
    fn id(&self, kind: &str) -> &str {
        let found = self.of.iter().find(|(own, _)| *own == kind);
        found.map_or_else(|| panic!("no {kind}"), |(_, id)| id)
    }
}

impl World {
    fn new() -> World {
        let shop = Shop::of(Organization::new());
        let product = shop.product("A", &[("item", 0)]);
        let top = shop.organization.customer(None);
        let branch = shop.organization.customer(Some(top));
        let foreign = shop.organization.customer(None);
        let account = |customer| {
            let (user, _) = shop.organization.add_customer_user(customer, &json!({}));
            account(&shop, &product, customer, user)
        };
        let (top, branch, foreign) = (account(top), account(branch), account(foreign));
        World { top, branch, foreign, shop }
    }

    /// A customer user of the top customer, with an order and an address of their own.
    fn caller(&self, permissions: &Value) -> (User, Account) {
        let user = self.shop.organization.customer_user(self.top.customer, permissions);
        let product = self.shop.client().get("/admin/api/products").expect(200).json();
        let own = account(&self.shop, product["data"][0]["id"].as_str().unwrap(), self.top.customer, user.id);
        (user, own)
    }
}

/// Makes addresses and an order of a customer's user.
fn account(shop: &Shop, product: &str, customer: i64, user: i64) -> Account {
    let address = json!({
        "street": "1 Main Street", "city": "Springfield", "postalCode": "1", "firstName": "A", "lastName": "B",
        "organization": "C",
    });
    let owned = |name: &str, kind: &str, id: i64| {
        let mut relationships = json!({"country": one("countries", "US"), "region": one("regions", "US-CA")});
        relationships[name] = one(kind, &id.to_string());
        relationships
    };
    let mut order = shop.order(&[line("a", product, &json!(1), "10")]);
    order["data"]["relationships"]["customer"] = one("customers", &customer.to_string());
    order["data"]["relationships"]["customerUser"] = one("customerusers", &user.to_string());
    order["data"]["relationships"]["billingAddress"] = one("orderaddresses", "billing");
    let mut billing = json!({"type": "orderaddresses", "id": "billing", "attributes": address});
    billing["relationships"] = json!({"country": one("countries", "US"), "region": one("regions", "US-CA")});
    order["included"].as_array_mut().unwrap().push(billing);
    let order = shop.client().post("/admin/api/orders", &order).expect(201).json();
    let related = |name: &str| order["data"]["relationships"][name]["data"].clone();
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let of = vec![
        ("customers", customer.to_string()),
        ("customerusers", user.to_string()),
        ("customeraddresses", shop.create("customeraddresses", &address, &owned("customer", "customers", customer))),
        (
            "customeruseraddresses",
            shop.create("customeruseraddresses", &address, &owned("customerUser", "customerusers", user)),
        ),
        ("orders", id(&order["data"])),
        ("orderlineitems", id(&related("lineItems")[0])),
        ("orderaddresses", id(&related("billingAddress"))),
    ];
    Account { customer, user, of }
}

/// The ids of a list, sorted.
fn ids(client: &Client, path: &str) -> Vec<String> {
    let list = client.get(path).expect(200).json();
    let mut ids: Vec<String> =
        list["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn sorted(list: &[&str]) -> Vec<String> {
    let mut ids: Vec<String> = list.iter().map(|id| (*id).to_owned()).collect();
    ids.sort();
    ids
}
