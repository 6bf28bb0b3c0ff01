//! What the statements are probed on: customers that form a tree, products, an order.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::unique;
use crate::support::shop::{Shop, line, one};

pub const STRICT: &str = "application/vnd.api+json; profile=\"urn:entrepot:profile:strict\"";

/// An organization of its own. `parent` is in `group` and has `children`; the first of them is in the group, the second
/// in none; neither has children.
pub struct World {
    pub shop: Shop,
    pub group: String,
    pub parent: String,
    pub children: [String; 2],
    pub products: Vec<String>,
    pub order: String,
}

impl World {
    pub fn new() -> World {
        let shop = Shop::new();
        let group = shop.create("customergroups", &json!({"name": unique("Group")}), &json!({}));
        let in_group = json!({"group": one("customergroups", &group)});
        let parent = shop.create("customers", &json!({"name": "Parent"}), &in_group);
        let below = one("customers", &parent);
        let first = json!({"group": one("customergroups", &group), "parent": below});
        let first = shop.create("customers", &json!({"name": "Child A"}), &first);
        let second = shop.create("customers", &json!({"name": "Child B"}), &json!({"parent": below}));
        let products: Vec<String> =
            ["A", "B", "C", "D", "E"].iter().map(|sku| shop.product(sku, &[("item", 0)])).collect();
        let order = shop.try_order(&[line("1", &products[0], &json!(2), "10")]).expect(201).id();
        World { shop, group, parent, children: [first, second], products, order }
    }

    pub fn client(&self) -> &Client {
        self.shop.client()
    }

    /// GET of a path below the API's root.
    pub fn get(&self, path: &str) -> Answer {
        self.client().get(&format!("/admin/api{path}"))
    }

    pub fn accept(&self, path: &str, accept: &str) -> Answer {
        self.client().send(Method::GET, &format!("/admin/api{path}"), |request| request.header("Accept", accept))
    }

    pub fn strict(&self, path: &str) -> Answer {
        self.accept(path, STRICT)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.client().post(&format!("/admin/api{path}"), body)
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.client().patch(&format!("/admin/api{path}"), body)
    }

    /// Any method with a JSON:API body.
    pub fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.client().send(method, &format!("/admin/api{path}"), |request| {
            request.header("Content-Type", JSON_API).body(body.to_string())
        })
    }

    /// The same in the strict profile.
    pub fn send_strictly(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.client().send(method, &format!("/admin/api{path}"), |request| {
            request.header("Content-Type", JSON_API).header("Accept", STRICT).body(body.to_string())
        })
    }

    /// POST of a new customer under a content type.
    pub fn post_as(&self, content_type: &str, body: &Value) -> Answer {
        self.client().send(Method::POST, "/admin/api/customers", |request| {
            request.header("Content-Type", content_type).body(body.to_string())
        })
    }

    /// The path of the parent customer.
    pub fn parent_path(&self) -> String {
        format!("/customers/{}", self.parent)
    }

    /// A client of somebody without any right.
    pub fn stranger(&self) -> Client {
        self.shop.organization.user_who_may(&json!({})).client
    }

    /// GET of a link, which is absolute.
    pub fn follow(&self, link: &str) -> Answer {
        let base = format!("http://{}", self.shop.organization.server.address);
        self.client().get(link.strip_prefix(&base).unwrap_or_else(|| panic!("{link} does not begin with {base}")))
    }
}

/// The body of a POST of a customer.
pub fn customer(name: &str) -> Value {
    json!({"data": {"type": "customers", "attributes": {"name": name}}})
}

/// The ids of a document's primary records.
pub fn ids(document: &Value) -> Vec<&str> {
    document["data"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect()
}

/// The resource objects of a document, primary and included.
pub fn records(document: &Value) -> Vec<&Value> {
    let primary = match &document["data"] {
        Value::Array(list) => list.iter().collect(),
        Value::Null => Vec::new(),
        single => vec![single],
    };
    primary.into_iter().chain(document["included"].as_array().into_iter().flatten()).collect()
}
