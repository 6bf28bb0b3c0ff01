//! An organization that sells: a customer, products, a price list.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::organization::{Organization, unique};

/// What orders are made of.
pub struct Shop {
    pub organization: Organization,
    /// The id of the customer that orders.
    pub customer: String,
    family: String,
}

impl Shop {
    pub fn new() -> Shop {
        Shop::of(Organization::new())
    }

    pub fn of(organization: Organization) -> Shop {
        let customer = create(organization.client(), "customers", &json!({"name": "Atlas"}), &json!({}));
        let family = organization.first.attribute_family.to_string();
        Shop { organization, customer, family }
    }

    pub fn client(&self) -> &Client {
        self.organization.client()
    }

    /// The id of a new record without parts.
    #[track_caller]
    pub fn create(&self, kind: &str, attributes: &Value, relationships: &Value) -> String {
        create(self.client(), kind, attributes, relationships)
    }

    /// Answers a POST of one record without parts.
    pub fn try_create(&self, kind: &str, attributes: &Value, relationships: &Value) -> Answer {
        try_create(self.client(), kind, attributes, relationships)
    }

    /// The attributes of a record.
    #[track_caller]
    pub fn attributes(&self, kind: &str, id: &str) -> Value {
        self.client().get(&format!("/admin/api/{kind}/{id}")).expect(200).json()["data"]["attributes"].clone()
    }

    /// Answers a PATCH of attributes.
    pub fn change(&self, kind: &str, id: &str, attributes: &Value) -> Answer {
        let body = json!({"data": {"type": kind, "id": id, "attributes": attributes}});
        self.client().patch(&format!("/admin/api/{kind}/{id}"), &body)
    }

    /// The id of a new simple product that is sold in units of that many decimals; the first is the primary one.
    #[track_caller]
    pub fn product(&self, sku: &str, units: &[(&str, u32)]) -> String {
        self.post_product(sku, "simple", units, &json!({}), Vec::new())
    }

    /// A kit of one required item with one product, 1 to 10 of it: the ids of the kit and of its item.
    #[track_caller]
    pub fn kit(&self, sku: &str, product: &str) -> (String, String) {
        let relationships = json!({"kitItems": many("productkititems", &["item"])});
        let included = vec![
            json!({
                "type": "productkititems",
                "id": "item",
                "attributes": {"sortOrder": 1, "optional": false, "minimumQuantity": 1, "maximumQuantity": 10},
                "relationships": {
                    "labels": many("productkititemlabels", &["label"]),
                    "kitItemProducts": many("productkititemproducts", &["choice"]),
                    "productUnit": one("productunits", "item"),
                },
            }),
            json!({"type": "productkititemlabels", "id": "label", "attributes": {"string": "Base"}}),
            json!({
                "type": "productkititemproducts",
                "id": "choice",
                "attributes": {"sortOrder": 1},
                "relationships": {"product": one("products", product)},
            }),
        ];
        let kit = self.post_product(sku, "kit", &[("item", 0)], &relationships, included);
        let items = self.client().get(&format!("/admin/api/products/{kit}/relationships/kitItems")).expect(200).json();
        (kit, items["data"][0]["id"].as_str().unwrap().to_owned())
    }

    /// The id of a new configurable product whose variants differ in those fields.
    #[track_caller]
    pub fn configurable(&self, fields: &[&str]) -> String {
        let mut body = self.product_body(&unique("sku"), "configurable", &[("item", 0)], &json!({}), Vec::new());
        body["data"]["attributes"]["variantFields"] = json!(fields);
        self.client().post("/admin/api/products", &body).expect(201).id()
    }

    #[track_caller]
    fn post_product(
        &self,
        sku: &str,
        kind: &str,
        units: &[(&str, u32)],
        relationships: &Value,
        included: Vec<Value>,
    ) -> String {
        let body = self.product_body(sku, kind, units, relationships, included);
        self.client().post("/admin/api/products", &body).expect(201).id()
    }

    /// The body of a product with those parts.
    pub fn product_body(
        &self,
        sku: &str,
        kind: &str,
        units: &[(&str, u32)],
        relationships: &Value,
        mut included: Vec<Value>,
    ) -> Value {
        let labels: Vec<&str> = units.iter().map(|(unit, _)| *unit).collect();
        let mut all = json!({
            "names": many("productnames", &["name"]),
            "unitPrecisions": many("productunitprecisions", &labels),
            "primaryUnitPrecision": one("productunitprecisions", labels[0]),
            "inventory_status": one("prodinventorystatuses", "in_stock"),
            "attributeFamily": one("attributefamilies", &self.family),
        });
        for (name, linkage) in relationships.as_object().unwrap() {
            all[name] = linkage.clone();
        }
        included
            .push(json!({"type": "productnames", "id": "name", "attributes": {"string": format!("Name of {sku}")}}));
        for (unit, precision) in units {
            included.push(json!({
                "type": "productunitprecisions",
                "id": unit,
                "attributes": {"precision": precision, "conversionRate": 1, "sell": true},
                "relationships": {"unit": one("productunits", unit)},
            }));
        }
        json!({
            "data": {"type": "products", "attributes": {"sku": sku, "status": "enabled", "productType": kind}, "relationships": all},
            "included": included,
        })
    }

    /// Answers a POST of a product's main picture. `file`: the attributes of its file.
    pub fn try_picture(&self, product: &str, file: &Value) -> Answer {
        let body = json!({
            "data": {"type": "productimages", "relationships": {
                "product": one("products", product),
                "image": one("files", "file"),
                "types": many("productimagetypes", &["main"]),
            }},
            "included": [
                {"type": "files", "id": "file", "attributes": file},
                {"type": "productimagetypes", "id": "main", "attributes": {"productImageTypeType": "main"}},
            ],
        });
        self.client().post("/admin/api/productimages", &body)
    }

    /// The body of an order of the shop's customer with those parts.
    pub fn order(&self, parts: &[Value]) -> Value {
        let of = |kind: &str| {
            let labels: Vec<&str> =
                parts.iter().filter(|part| part["type"] == kind).map(|part| part["id"].as_str().unwrap()).collect();
            many(kind, &labels)
        };
        json!({
            "data": {
                "type": "orders",
                "attributes": {"currency": "USD"},
                "relationships": {
                    "customer": one("customers", &self.customer),
                    "lineItems": of("orderlineitems"),
                    "discounts": of("orderdiscounts"),
                },
            },
            "included": parts,
        })
    }

    /// Answers a POST of an order with those parts.
    pub fn try_order(&self, parts: &[Value]) -> Answer {
        self.client().post("/admin/api/orders", &self.order(parts))
    }

    /// A price list with those currencies.
    #[track_caller]
    pub fn price_list(&self, currencies: &[&str]) -> String {
        let attributes = json!({"name": unique("Prices"), "priceListCurrencies": currencies});
        self.create("pricelists", &attributes, &json!({}))
    }

    /// Answers a POST of a price for one `item` in dollars.
    pub fn try_price(&self, list: &str, product: &str, attributes: &Value) -> Answer {
        let mut all = json!({"quantity": 1, "value": "10", "currency": "USD"});
        for (name, value) in attributes.as_object().unwrap() {
            all[name] = value.clone();
        }
        let relationships = json!({
            "priceList": one("pricelists", list),
            "product": one("products", product),
            "unit": one("productunits", "item"),
        });
        self.try_create("productprices", &all, &relationships)
    }
}

/// A line item in dollars and units of `item`.
pub fn line(label: &str, product: &str, quantity: &Value, value: &str) -> Value {
    json!({
        "type": "orderlineitems",
        "id": label,
        "attributes": {"quantity": quantity, "value": value, "currency": "USD"},
        "relationships": {"product": one("products", product), "productUnit": one("productunits", "item")},
    })
}

/// The linkage of a to-one.
pub fn one(kind: &str, id: &str) -> Value {
    json!({"data": {"type": kind, "id": id}})
}

/// The linkage of a to-many.
pub fn many(kind: &str, ids: &[&str]) -> Value {
    json!({"data": ids.iter().map(|id| json!({"type": kind, "id": id})).collect::<Vec<_>>()})
}

pub fn try_create(client: &Client, kind: &str, attributes: &Value, relationships: &Value) -> Answer {
    let body = json!({"data": {"type": kind, "attributes": attributes, "relationships": relationships}});
    client.post(&format!("/admin/api/{kind}"), &body)
}

#[track_caller]
fn create(client: &Client, kind: &str, attributes: &Value, relationships: &Value) -> String {
    try_create(client, kind, attributes, relationships).expect(201).id()
}
