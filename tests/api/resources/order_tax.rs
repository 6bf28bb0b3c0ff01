//! The taxes of orders: which rules apply, what they come to, and when they are computed again.

mod amounts;
mod any_order;
mod rules;
mod shown;

use serde_json::{Map, Value, json};

use crate::support::client::Answer;
use crate::support::organization::unique;
use crate::support::shop::{Shop, many, one};

/// A shop whose customer is taxable, and products of a taxable class.
struct TaxedShop {
    shop: Shop,
    product_code: String,
    customer_code: String,
    /// Sold in hundredths of an `item`.
    product: String,
}

impl TaxedShop {
    fn new() -> TaxedShop {
        let shop = Shop::new();
        let [product_code, customer_code] = ["producttaxcodes", "customertaxcodes"]
            .map(|kind| shop.create(kind, &json!({"code": unique("code")}), &json!({})));
        let taxed = TaxedShop { product: String::new(), shop, product_code, customer_code };
        taxed.link("customers", &taxed.shop.customer, "taxCode", one("customertaxcodes", &taxed.customer_code));
        let product = taxed.product_of(&taxed.product_code);
        TaxedShop { product, ..taxed }
    }

    /// A new product of that tax code.
    fn product_of(&self, code: &str) -> String {
        let product = self.shop.product(&unique("sku"), &[("item", 2)]);
        self.link("products", &product, "taxCode", one("producttaxcodes", code));
        product
    }

    #[track_caller]
    fn link(&self, kind: &str, id: &str, relation: &str, linkage: Value) {
        self.shop.client().patch(&format!("/admin/api/{kind}/{id}/relationships/{relation}"), &linkage).expect(204);
    }

    /// A rule for the shop's codes: a tax of that rate in the jurisdiction with those attributes.
    fn rule(&self, rate: f64, country: &str, region: Option<&str>, attributes: Value) {
        self.rule_for(&self.product_code, &self.customer_code, rate, country, region, attributes);
    }

    fn rule_for(
        &self,
        product_code: &str,
        customer_code: &str,
        rate: f64,
        country: &str,
        region: Option<&str>,
        mut attributes: Value,
    ) {
        let tax = self.shop.create("taxes", &json!({"code": unique("tax"), "rate": rate}), &json!({}));
        attributes["code"] = json!(unique("place"));
        let mut place = json!({"country": one("countries", country)});
        if let Some(region) = region {
            place["region"] = one("regions", region);
        }
        let jurisdiction = self.shop.create("taxjurisdictions", &attributes, &place);
        let ends = json!({
            "productTaxCode": one("producttaxcodes", product_code),
            "customerTaxCode": one("customertaxcodes", customer_code),
            "tax": one("taxes", &tax),
            "taxJurisdiction": one("taxjurisdictions", &jurisdiction),
        });
        self.shop.create("taxrules", &json!({}), &ends);
    }

    /// Changes the settings.
    #[track_caller]
    fn settings(&self, attributes: &Value, relationships: &Value) {
        let list = self.shop.client().get("/admin/api/taxsettings").expect(200).json();
        let id = &list["data"][0]["id"];
        let data = json!({"type": "taxsettings", "id": id, "attributes": attributes, "relationships": relationships});
        let path = format!("/admin/api/taxsettings/{}", id.as_str().unwrap());
        self.shop.client().patch(&path, &json!({"data": data})).expect(200);
    }

    /// An order of these parts with a shipping address, and a billing address in Berlin.
    fn body(&self, parts: &[Value], shipped_to: &Value) -> Value {
        let mut body = self.shop.order(parts);
        body["data"]["relationships"]["shippingAddress"] = one("orderaddresses", "to");
        body["data"]["relationships"]["billingAddress"] = one("orderaddresses", "bill");
        let included = body["included"].as_array_mut().unwrap();
        included.push(shipped_to.clone());
        let mut billed = address("DE", Some("DE-BE"), "10115", json!({}));
        billed["id"] = json!("bill");
        included.push(billed);
        body
    }

    #[track_caller]
    fn order(&self, parts: &[Value], shipped_to: &Value) -> Order<'_> {
        let answer = self.shop.client().post("/admin/api/orders", &self.body(parts, shipped_to)).expect(201);
        Order { shop: &self.shop, id: answer.id() }
    }

    /// The tax of an order of one item for 100, shipped to that address.
    #[track_caller]
    fn tax_of_a_hundred(&self, shipped_to: &Value) -> String {
        self.order(&[line("1", &self.product, "1", "100")], shipped_to).tax()
    }
}

struct Order<'s> {
    shop: &'s Shop,
    id: String,
}

impl Order<'_> {
    #[track_caller]
    fn attributes(&self) -> Value {
        self.shop.attributes("orders", &self.id)
    }

    #[track_caller]
    fn total(&self) -> String {
        self.attributes()["totalValue"].as_str().unwrap().to_owned()
    }

    /// The rows of its price by type: amount and signed amount.
    #[track_caller]
    fn subtotals(&self) -> Map<String, Value> {
        let path = format!("/admin/api/ordersubtotals?filter[order]={}", self.id);
        let list = self.shop.client().get(&path).expect(200).json();
        let rows = list["data"].as_array().unwrap().iter().map(|row| &row["attributes"]);
        rows.map(|row| {
            (row["orderSubtotalType"].as_str().unwrap().to_owned(), json!([row["amount"], row["signedAmount"]]))
        })
        .collect()
    }

    /// The amount of the row `tax`; "none" where there is no such row.
    #[track_caller]
    fn tax(&self) -> String {
        self.subtotals().get("tax").map_or("none".to_owned(), |row| row[0].as_str().unwrap().to_owned())
    }

    /// Its line items in the order they were made.
    #[track_caller]
    fn lines(&self) -> Vec<Value> {
        let path = format!("/admin/api/orders/{}/lineItems?sort=id", self.id);
        self.shop.client().get(&path).expect(200).json()["data"].as_array().unwrap().clone()
    }

    /// What each line is without and with its tax.
    #[track_caller]
    fn rows(&self) -> Vec<[String; 2]> {
        let text = |line: &Value, name: &str| line["attributes"][name].as_str().unwrap().to_owned();
        let row = |line: &Value| {
            ["rowTotalAfterDiscountExcludingTax", "rowTotalAfterDiscountIncludingTax"].map(|name| text(line, name))
        };
        self.lines().iter().map(row).collect()
    }

    fn change(&self, attributes: &Value) -> Answer {
        self.shop.change("orders", &self.id, attributes)
    }
}

/// A line item in dollars.
fn line(label: &str, product: &str, quantity: &str, value: &str) -> Value {
    json!({
        "type": "orderlineitems", "id": label,
        "attributes": {"quantity": serde_json::from_str::<Value>(quantity).unwrap(), "value": value, "currency": "USD", "comment": label},
        "relationships": {"product": one("products", product), "productUnit": one("productunits", "item")},
    })
}

/// A shipping address.
fn address(country: &str, region: Option<&str>, postal_code: &str, attributes: Value) -> Value {
    let mut address = json!({
        "type": "orderaddresses", "id": "to",
        "attributes": {"street": "1 Main Street", "city": "Town", "postalCode": postal_code, "organization": "Atlas"},
        "relationships": {"country": one("countries", country)},
    });
    if let Some(region) = region {
        address["relationships"]["region"] = one("regions", region);
    }
    for (name, value) in attributes.as_object().unwrap() {
        address["attributes"][name] = value.clone();
    }
    address
}

fn los_angeles() -> Value {
    address("US", Some("US-CA"), "90011", json!({}))
}

/// The linkage of discounts in an order's body.
fn discounts(labels: &[&str]) -> Value {
    many("orderdiscounts", labels)
}
