//! Visitors: they read what is public, and nothing else.

use entrepot::storefront;
use serde_json::json;

use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;
use crate::support::shop::Shop;

/// "visitors may use only listed resources: countries, regions, products, … productimages, productkititems,
/// productkititemproducts, productunits, inventory statuses, attribute families, brands, master catalog categories and tree,
/// … localizations".
const LISTED: &[&str] = &[
    "brands",
    "countries",
    "localizations",
    "mastercatalogcategories",
    "mastercatalogtree",
    "productfamilies",
    "productimages",
    "productinventorystatuses",
    "productkititemproducts",
    "productkititems",
    "products",
    "productunits",
    "regions",
];

#[test]
fn a_visitor_reads_the_listed_resources_alone() {
    let server = TestServer::lasting(database::shared(), "[api.storefront]\nvisitors = true");
    let shop = Shop::of(Organization::on(server));
    let enabled = shop.product("A", &[("item", 0)]);
    let disabled = shop.product("B", &[("item", 0)]);
    shop.change("products", &disabled, &json!({"status": "disabled"})).expect(200);
    let visitor = server.client().with_token(&shop.organization.visit());
    for resource in storefront::ALL.iter().filter(|resource| resource.actions.list) {
        let status = if LISTED.contains(&resource.name) { 200 } else { 403 };
        visitor.get(&format!("/api/{}", resource.name)).expect(status);
    }
    let seen = super::ids(&visitor, "/api/products?include=images,kitItems,brand,category");
    assert_eq!(seen, [enabled]);
    visitor.get(&format!("/api/products/{disabled}")).expect(403);
    for kind in ["customers", "customerusers"] {
        visitor.get(&format!("/api/{kind}/mine")).expect(403);
    }
    let body = json!({"data": {"type": "customeraddresses", "attributes": {"street": "1"}}});
    visitor.post("/api/customeraddresses", &body).expect(403);
}
