//! Payment terms, tax codes, groups, a tree of customers, their addresses and users.

use serde_json::json;

use super::data::{Demo, Ids, many, one};
use crate::commerce::organization::{BUYER, CUSTOMER_ADMINISTRATOR};
use crate::error::Errors;

/// What orders refer to.
pub struct Customers {
    /// Customers by short name.
    pub ids: Ids,
    /// The address of each.
    pub addresses: Ids,
    /// A user of each.
    pub users: Ids,
    /// Payment terms by label.
    pub terms: Ids,
    /// Customer groups by name.
    pub groups: Ids,
    /// The tax code of all customers.
    pub tax_code: String,
}

/// Short name, name, short name of the parent, group, street, city, postal code, region, first and last name.
const CUSTOMERS: &[[&str; 10]] = &[
    ["atlas", "Atlas Construction", "", "Contractors", "1 Harbor Street", "Boston", "02110", "US-MA", "Amanda", "Cole"],
    [
        "atlas-north",
        "Atlas North",
        "atlas",
        "Contractors",
        "88 Mill Road",
        "Portland",
        "04101",
        "US-ME",
        "Brian",
        "Lund",
    ],
    ["atlas-south", "Atlas South", "atlas", "Contractors", "19 Bay Drive", "Tampa", "33602", "US-FL", "Carla", "Reyes"],
    ["birch", "Birch & Co.", "", "Retailers", "5 Elm Avenue", "Albany", "12207", "US-NY", "David", "Birch"],
    ["corner", "Corner Hardware", "", "Retailers", "230 Main Street", "Denver", "80202", "US-CO", "Ellen", "Park"],
];

pub fn load(demo: &mut Demo<'_>) -> Result<Customers, Errors> {
    let tax_code = json!({"code": "TAXABLE", "description": "Customers who pay sales tax"});
    let tax_code = demo.create("customertaxcodes", tax_code, json!({}))?;
    let mut customers = Customers {
        ids: Ids::new(),
        addresses: Ids::new(),
        users: Ids::new(),
        terms: Ids::new(),
        groups: Ids::new(),
        tax_code: tax_code.clone(),
    };
    for label in ["net 10", "net 30"] {
        customers.terms.insert(label, demo.create("paymentterms", json!({"label": label}), json!({}))?);
    }
    for (name, term) in [("Contractors", "net 30"), ("Retailers", "net 10")] {
        let relationships = json!({
            "paymentTerm": one("paymentterms", &customers.terms[term]),
            "taxCode": one("customertaxcodes", &tax_code),
        });
        customers.groups.insert(name, demo.create("customergroups", json!({"name": name}), relationships)?);
    }
    let (administrator, buyer) = (demo.customer_user_role(CUSTOMER_ADMINISTRATOR)?, demo.customer_user_role(BUYER)?);
    for [short, name, parent, group, street, city, code, region, first, last] in CUSTOMERS {
        let mut relationships = json!({
            "group": one("customergroups", &customers.groups[group]),
            "taxCode": one("customertaxcodes", &tax_code),
            "internal_rating": one("customerratings", if parent.is_empty() { "4_of_5" } else { "3_of_5" }),
        });
        if let Some(parent) = customers.ids.get(parent) {
            relationships["parent"] = one("customers", parent);
        }
        let customer = demo.create("customers", json!({"name": name, "externalId": short}), relationships)?;
        let address = json!({
            "label": "Head office", "organization": name, "firstName": first, "lastName": last, "street": street,
            "city": city, "postalCode": code, "primary": true, "phone": "+1 555 0100",
            "types": [{"default": true, "addressType": "billing"}, {"default": true, "addressType": "shipping"}],
        });
        let address = demo.create(
            "customeraddresses",
            address,
            json!({
                "customer": one("customers", &customer),
                "country": one("countries", "US"),
                "region": one("regions", region),
            }),
        )?;
        let user =
            json!({"email": format!("{}@{short}.example", first.to_lowercase()), "firstName": first, "lastName": last});
        let user = demo.create(
            "customerusers",
            user,
            json!({
                "customer": one("customers", &customer),
                "userRoles": many("customeruserroles", [if parent.is_empty() { &administrator } else { &buyer }]),
            }),
        )?;
        if *short == "birch" {
            let home = json!({
                "label": "Home", "firstName": first, "lastName": last, "street": "12 Orchard Lane", "city": city,
                "postalCode": code, "types": [{"default": true, "addressType": "shipping"}],
            });
            let relationships = json!({
                "customerUser": one("customerusers", &user),
                "country": one("countries", "US"),
                "region": one("regions", region),
            });
            demo.create("customeruseraddresses", home, relationships)?;
        }
        customers.addresses.insert(short, address);
        customers.users.insert(short, user);
        customers.ids.insert(short, customer);
    }
    Ok(customers)
}
