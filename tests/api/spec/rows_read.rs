//! What a page reads, of every resource and with every relationship included: rows in proportion to what it shows, not
//! to what the tables hold.

mod filled;

use diesel::prelude::*;
use entrepot::acl::{Caller, CustomerUser, Level, Locale, Permissions, Principal, authorize};
use entrepot::engine::load::{self, Frame};
use entrepot::engine::query::{LIST, Query, Request};
use entrepot::engine::registry::Registry;
use entrepot::engine::render::View;
use entrepot::engine::resource::Resource;
use entrepot::error::Error;
use entrepot::{resources, storefront};
use serde_json::Value;

use super::query_text::{LIMITS, caller};
use crate::support::organization::{Organization, customer_user_permissions};
use crate::support::rows::rows_read;

/// Resource objects and identifiers in a document.
fn shown(document: &Value) -> i64 {
    match document {
        Value::Array(items) => items.iter().map(shown).sum(),
        Value::Object(members) => {
            i64::from(members.contains_key("type") && members.contains_key("id"))
                + members.values().map(shown).sum::<i64>()
        }
        _ => 0,
    }
}

/// The rows that a list goes through, and what it shows.
fn cost(
    organization: &Organization,
    registry: &Registry,
    caller: &Caller,
    resource: &'static Resource,
    query: &str,
) -> (i64, i64) {
    let path = format!("{}/{}", registry.root, resource.name);
    let request = Request { registry, resource, mixed: &[], route: LIST, limits: LIMITS, strict: false, path: &path };
    let plan =
        Query::parse(request, query, None).unwrap_or_else(|errors| panic!("{path}?{query}: {errors}")).list(resource);
    let plan = authorize(plan, caller).unwrap_or_else(|error| panic!("{path}: {error}"));
    let view = View { base: registry.root.clone(), links: false };
    let frame = || Frame { many: true, row_limit: 10_000, ..Frame::default() };
    let read = |conn: &mut PgConnection| -> Result<_, Error> {
        // Pages next to each other are not ten times cheaper than others any more.
        diesel::sql_query("SET LOCAL random_page_cost = 1.1").execute(conn)?;
        let before = rows_read(conn)?;
        let document = load::document(conn, &plan, &view, frame(), &[])?;
        Ok((rows_read(conn)? - before, document.body))
    };
    // The statistics of a transaction are its own.
    let (read, body) =
        organization.server.db.transaction_now(read).unwrap_or_else(|error| panic!("{path}?{query}: {error}"));
    let text = String::from_utf8_lossy(&body);
    (read, shown(&serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}?{query}: {error}: {text}"))))
}

/// "A plain list, an include and a to-many's ids read what they show": at most ten rows for each record or identifier of the
/// answer, whatever the tables hold. A column that is worked out by a scan of its table, or a foreign key without an index,
/// reads thousands.
#[test]
fn a_page_reads_ten_rows_at_most_for_each_thing_it_shows() {
    let organization = filled::organization();
    let mut admin = caller(Level::Organization);
    admin.organization = organization.id();
    let mut permissions = Permissions::default();
    permissions.grant_all_of_customer_users(&customer_user_permissions("division"));
    let buyer = Caller {
        organization: organization.id(),
        principal: Principal::CustomerUser(CustomerUser {
            id: filled::id(1),
            customer: filled::id(1),
            division: (1..=30).map(filled::id).collect(),
        }),
        client: "shop".to_owned(),
        permissions,
        networks: Default::default(),
        locale: Locale::default(),
    };
    let registries = [
        (Registry::new("admin", "/admin/api", resources::ALL), admin),
        (Registry::new("storefront", "/api", storefront::ALL), buyer),
    ];
    let mut dear = Vec::new();
    let mut empty = Vec::new();
    for (registry, caller) in &registries {
        for resource in registry.resources.iter().copied().filter(|resource| resource.actions.list) {
            let needed: Vec<String> =
                resource.mandatory_filters.iter().map(|name| format!("filter[{name}]={}", filled::id(1))).collect();
            let includes = resource.visible_relations().map(|relation| format!("include={}", relation.name));
            for query in std::iter::once(String::new()).chain(includes) {
                let query = needed.iter().chain(Some(&query)).cloned().collect::<Vec<_>>().join("&");
                let query = if resource.no_paging { query } else { format!("{query}&page[size]=25") };
                let (read, shown) = cost(&organization, registry, caller, resource, query.trim_matches('&'));
                if read > 10 * shown + 50 {
                    dear.push(format!(
                        "{}/{}?{query}: {read} rows read, {shown} things shown",
                        registry.root, resource.name
                    ));
                }
                if shown == 0 {
                    empty.push(format!("{}/{}", registry.root, resource.name));
                }
            }
        }
    }
    empty.dedup();
    // Its prices come through a chain of lists, of which these rows make none.
    empty.retain(|path| path != "/admin/api/customerprices");
    assert!(dear.is_empty(), "\n{}", dear.join("\n"));
    // What shows nothing proves nothing.
    assert!(empty.is_empty(), "\n{}", empty.join("\n"));
}
