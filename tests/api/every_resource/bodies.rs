//! Valid bodies for every resource: the API document's example, pointed at records that exist, with what only rules ask
//! for.

use std::cell::RefCell;
use std::collections::HashMap;

use diesel::prelude::*;
use entrepot::engine::resource::{IdKind, Resource};
use entrepot::openapi::examples;
use entrepot::resources::ALL;
use entrepot::resources::customer::CUSTOMER;
use entrepot::resources::integration::WEBHOOK;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::organization::{Organization, unique};
use crate::support::rows;
use crate::support::shop::{Shop, line, many, one};

/// An organization with a record of each kind that others point at.
pub struct World {
    shop: Shop,
    /// A simple product sold by the item, and a kit of it with its item.
    product: String,
    kit: (String, String),
    order: String,
    /// Records that were made for a test, by type.
    known: RefCell<HashMap<&'static str, String>>,
}

/// An id of the resource's form that no record has.
pub fn no_id(resource: &Resource) -> &'static str {
    match resource.id.kind {
        IdKind::Integer => "999999999",
        IdKind::Text => "nothing-like-it",
        IdKind::Uuid => "00000000-0000-4000-8000-000000000000",
        IdKind::Guid { .. } => "00000000-0000-4000-8000-000000000000-1",
    }
}

#[derive(QueryableByName)]
struct Change {
    #[diesel(sql_type = diesel::sql_types::Text)]
    action: String,
}

impl World {
    pub fn new() -> World {
        World::of(Organization::new())
    }

    pub fn of(organization: Organization) -> World {
        let shop = Shop::of(organization);
        let product = shop.product(&unique("sku"), &[("item", 0)]);
        let kit = shop.kit(&unique("kit"), &product);
        let order = shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201).id();
        World { shop, product, kit, order, known: RefCell::default() }
    }

    pub fn organization(&self) -> &Organization {
        &self.shop.organization
    }

    pub fn client(&self) -> &Client {
        self.shop.client()
    }

    /// The actions of a record's change rows, in their order.
    pub fn changes(&self, resource: &Resource, id: &str) -> Vec<String> {
        let organization = self.organization().id();
        let rows: Vec<Change> = self.organization().write(|conn| {
            let query = diesel::sql_query(
                "SELECT action FROM change WHERE organization_id = $1 AND resource = $2 AND record_id = $3 ORDER BY id",
            );
            let query = query
                .bind::<diesel::sql_types::BigInt, _>(organization)
                .bind::<diesel::sql_types::Text, _>(resource.name)
                .bind::<diesel::sql_types::Text, _>(id);
            Ok(query.load(conn)?)
        });
        rows.into_iter().map(|row| row.action).collect()
    }

    /// The body of the smallest create, different at every call.
    pub fn create_body(&self, resource: &'static Resource) -> Value {
        let mut body = examples::create(resource);
        self.repoint(&mut body["data"]);
        for part in body.get_mut("included").and_then(Value::as_array_mut).into_iter().flatten() {
            self.repoint(part);
            self.adjust(part);
        }
        self.adjust(&mut body["data"]);
        if resource.id.kind.is_assigned() {
            body["data"]["id"] = json!(unique("id").to_lowercase());
        }
        body
    }

    /// The id of a record that may be changed.
    pub fn record(&self, resource: &'static Resource) -> String {
        if let Some(id) = self.known.borrow().get(resource.name) {
            return id.clone();
        }
        let path = format!("/admin/api/{}", resource.name);
        let id = if resource.actions.create {
            self.client().post(&path, &self.create_body(resource)).expect(201).id()
        } else if resource.name == "asyncoperations" {
            self.operation().to_string()
        } else if resource.name == "webhookdeliveries" {
            self.delivery()
        } else {
            let list = self.client().get(&path).expect(200).json();
            list["data"][0]["id"].as_str().unwrap_or_else(|| panic!("no {}", resource.name)).to_owned()
        };
        self.known.borrow_mut().insert(resource.name, id.clone());
        id
    }

    /// What is noted for a webhook about a customer who is made.
    fn delivery(&self) -> String {
        let mut webhook = self.create_body(&WEBHOOK);
        webhook["data"]["relationships"]["topic"]["data"]["id"] = json!("customer.created");
        self.client().post("/admin/api/webhooks", &webhook).expect(201);
        self.client().post("/admin/api/customers", &self.create_body(&CUSTOMER)).expect(201);
        let list = self.client().get("/admin/api/webhookdeliveries").expect(200).json();
        list["data"][0]["id"].as_str().unwrap().to_owned()
    }

    /// An asynchronous operation that has ended, so that nothing about it changes.
    fn operation(&self) -> i64 {
        let sql = "INSERT INTO async_operation
            (organization_id, owner_id, client, api, entity_type, external_ids, request, status, ended_at)
            SELECT $1, id, 'tests', 'admin', 'products', false, '{}', 'success', now() FROM app_user
            WHERE organization_id = $1 ORDER BY id LIMIT 1";
        rows::insert(self.organization(), sql)[0]
    }

    /// Whether rules decide about an attribute, so that a PATCH of it alone may be refused or answered otherwise.
    pub fn is_ruled(&self, resource: &Resource, attribute: &str) -> bool {
        matches!(
            (resource.name, attribute),
            ("entityfieldfallbackvalues", _)
                | ("files", "content" | "externalUrl" | "mimeType" | "originalFilename")
                | ("orderdiscounts", "orderDiscountType" | "amount" | "percent")
                | ("orderlineitems" | "orderproductkititemlineitems", "productSku")
                | ("users", "enabled")
                | ("webhooks", "notificationUrl")
                | ("organizations", "enabled")
                | ("userroles" | "customeruserroles", "role")
                | ("orders", "identifier")
                | ("pricelists", "productAssignmentRule")
                | (
                    "pricerules",
                    "rule" | "ruleCondition" | "currencyExpression" | "quantityExpression" | "productUnitExpression"
                )
                | ("pricelistcustomerfallbacks" | "pricelistcustomergroupfallbacks", "fallback")
        )
    }

    /// Points the examples of a record at records that exist.
    fn repoint(&self, record: &mut Value) {
        let Some(relationships) = record.get_mut("relationships").and_then(Value::as_object_mut) else { return };
        for relationship in relationships.values_mut() {
            match &mut relationship["data"] {
                Value::Array(list) => list.iter_mut().for_each(|one| self.repoint_one(one)),
                one => self.repoint_one(one),
            }
        }
    }

    fn repoint_one(&self, identifier: &mut Value) {
        let kind = identifier["type"].as_str().unwrap_or_default().to_owned();
        let resource = ALL.iter().copied().find(|resource| resource.name == kind).unwrap();
        if identifier["id"] != json!(resource.example_id) || resource.id.kind.is_assigned() {
            return;
        }
        let id = match kind.as_str() {
            "products" => self.product.clone(),
            "orders" => self.order.clone(),
            "productkititems" => self.kit.1.clone(),
            "customers" => self.shop.customer.clone(),
            _ => self.record(resource),
        };
        identifier["id"] = json!(id);
    }

    /// What the rules ask for and the descriptor does not tell.
    fn adjust(&self, record: &mut Value) {
        for name in ["sku", "code", "externalId", "username", "role"] {
            if record["attributes"].get(name).is_some() {
                record["attributes"][name] = json!(unique(name));
            }
        }
        if record["attributes"].get("email").is_some() {
            record["attributes"]["email"] = json!(format!("{}@example.org", unique("mail")));
        }
        let kind = record["type"].as_str().unwrap_or_default().to_owned();
        match kind.as_str() {
            "customergroups" | "pricelists" | "usergroups" => record["attributes"]["name"] = json!(unique("name")),
            "customeraddresses" | "customeruseraddresses" | "orderaddresses" => {
                record["attributes"]["organization"] = json!("Company")
            }
            "entityfieldfallbackvalues" => record["attributes"] = json!({"scalarValue": "1"}),
            "files" => {
                record["attributes"] = json!({"content": "QQ==", "originalFilename": "a.txt", "mimeType": "text/plain"})
            }
            "userroles" => record["attributes"]["role"] = json!(unique("ROLE").to_uppercase()),
            _ => {}
        }
        let is_part = record.get("id").is_some();
        if is_part && !kind.starts_with("order") {
            return;
        }
        for part in ["attributes", "relationships"] {
            record.as_object_mut().unwrap().entry(part).or_insert_with(|| json!({}));
        }
        let of = &mut record["relationships"];
        match kind.as_str() {
            // A default text is there already: another localization.
            "productnames"
            | "productdescriptions"
            | "productshortdescriptions"
            | "categorytitles"
            | "categoryshortdescriptions"
            | "categorylongdescriptions"
            | "productkititemlabels" => {
                let parent = if kind.starts_with("category") { "category" } else { "product" };
                if kind == "categorytitles" || kind == "categoryshortdescriptions" || kind == "categorylongdescriptions"
                {
                    let body = json!({
                        "data": {"type": "categories", "relationships": {"titles": many("categorytitles", &["t"])}},
                        "included": [{"type": "categorytitles", "id": "t", "attributes": {"string": "Title"}}],
                    });
                    let category = self.client().post("/admin/api/categories", &body).expect(201).id();
                    of[parent] = one("categories", &category);
                } else if kind == "productkititemlabels" {
                    of["kitItem"] = one("productkititems", &self.shop.kit(&unique("kit"), &self.product).1);
                } else {
                    of[parent] = one("products", &self.shop.product(&unique("sku"), &[("item", 0)]));
                }
                let list = self.client().get("/admin/api/localizations").expect(200).json();
                of["localization"] = one("localizations", list["data"][0]["id"].as_str().unwrap());
            }
            "productunitprecisions" => {
                of["product"] = one("products", &self.shop.product(&unique("sku"), &[("kg", 0)]));
            }
            "productkititems" => {
                of["productKit"] = one("products", &self.kit.0);
            }
            "productkititemproducts" => {
                of["product"] = one("products", &self.shop.product(&unique("sku"), &[("item", 0)]));
            }
            "productimagetypes" => {
                let image = ALL.iter().copied().find(|resource| resource.name == "productimages").unwrap();
                let id = self.client().post("/admin/api/productimages", &self.create_body(image)).expect(201).id();
                of["productImage"] = one("productimages", &id);
            }
            "productvariantlinks" => of["parentProduct"] = one("products", &self.shop.configurable(&["color"])),
            "pricelistschedules" | "pricelisttocustomers" | "pricelisttocustomergroups" | "pricelisttowebsites" => {
                of["priceList"] = one("pricelists", &self.shop.price_list(&["USD"]))
            }
            "pricelistcustomerfallbacks" => {
                let name = json!({"name": unique("customer")});
                of["customer"] = one("customers", &self.shop.create("customers", &name, &json!({})));
            }
            "pricelistcustomergroupfallbacks" => {
                let name = json!({"name": unique("group")});
                of["customerGroup"] = one("customergroups", &self.shop.create("customergroups", &name, &json!({})));
            }
            "relatedproducts" => {
                of["relatedItem"] = one("products", &self.shop.product(&unique("sku"), &[("item", 0)]));
            }
            "productshippingoptions" | "productprices" => {
                of["product"] = one("products", &self.shop.product(&unique("sku"), &[("item", 0)]));
            }
            "orderlineitems" => of["product"] = one("products", &self.product),
            "orderproductkititemlineitems" => {
                let mut part = line("kit", &self.kit.0, &json!(1), "1");
                part["relationships"]["kitItemLineItems"] = many("orderproductkititemlineitems", &["choice"]);
                let choice = json!({
                    "type": "orderproductkititemlineitems", "id": "choice",
                    "attributes": {"quantity": 1, "value": "1", "currency": "USD"},
                    "relationships": {
                        "kitItem": one("productkititems", &self.kit.1),
                        "product": one("products", &self.product),
                        "productUnit": one("productunits", "item"),
                    },
                });
                let mut body = self.shop.order(&[part]);
                body["included"].as_array_mut().unwrap().push(choice);
                let order = self.client().post("/admin/api/orders", &body).expect(201).id();
                let lines = self.client().get(&format!("/admin/api/orders/{order}/lineItems")).expect(200).json();
                of["lineItem"] = one("orderlineitems", lines["data"][0]["id"].as_str().unwrap());
                of["product"] = one("products", &self.product);
                of["kitItem"] = one("productkititems", &self.kit.1);
            }
            _ => {}
        }
    }
}
