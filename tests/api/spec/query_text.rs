//! The SQL of a few plans, as snapshots: what a change of the engine does to the statements is seen at once.

use std::collections::HashMap;

use diesel::pg::Pg;
use entrepot::acl::{Caller, Level, Permission, Permissions, Principal, User, authorize};
use entrepot::engine::plan::{Page, ReadPlan};
use entrepot::engine::predicate::Predicate;
use entrepot::engine::query::{LIST, Limits, Query, Request};
use entrepot::engine::registry::Registry;
use entrepot::engine::sql::select::{self, Wanted, Window};
use entrepot::resources;

pub const LIMITS: Limits = Limits { rows: 1000, filters: 20, filter_values: 20, depth: 5, include_paths: 20 };

/// A caller with this level on everything.
pub fn caller(level: Level) -> Caller {
    let mut permissions = Permissions::default();
    for resource in resources::ALL {
        permissions.grant(resource.name, Permission::View, level);
    }
    Caller {
        organization: 1,
        principal: Principal::User(User { id: 2, business_unit: 3, business_units: vec![3], division: vec![3, 4] }),
        client: "test".to_owned(),
        permissions,
        networks: Default::default(),
        locale: Default::default(),
    }
}

/// The text of a list's statement.
fn text(path: &str, level: Level) -> String {
    let registry = Registry::new("admin", "/admin/api", resources::ALL);
    let (name, query) = path.split_once('?').unwrap_or((path, ""));
    let resource = registry.get(name).unwrap();
    let request =
        Request { registry: &registry, resource, mixed: &[], route: LIST, limits: LIMITS, strict: false, path: name };
    let query = Query::parse(request, query, None).unwrap();
    let plan = query.list(resource);
    let (limit, offset) = match plan.page {
        Page::Number { number, size } => (Some(size + 1), (number - 1) * size),
        _ => (None, 0),
    };
    let caller = caller(level);
    let shape = plan.shape(resource);
    let plan: entrepot::acl::Authorized<'_, ReadPlan> = authorize(plan, &caller).unwrap();
    let wanted = Wanted { title: plan.plan().title, ..Wanted::default() };
    let window = Window { segment: Predicate::True, reversed: false, limit, offset };
    let sql = select::rows(&plan, &shape, wanted, &window);
    // One clause a line reads better than one line of a thousand letters.
    diesel::debug_query::<Pg, _>(&sql)
        .to_string()
        .replace(" FROM \"", "\nFROM \"")
        .replace(" WHERE t0", "\nWHERE t0")
        .replace(" ORDER BY t0", "\nORDER BY t0")
        .replace(" -- binds", "\n-- binds")
}

#[test]
fn statements() {
    let cases = HashMap::from([
        ("own_columns", ("customers?fields[customers]=name,group&filter[name]=A&sort=-createdAt", Level::Organization)),
        ("plain_list", ("customergroups", Level::Organization)),
        ("division", ("customers?fields[customers]=name,parent,children", Level::Division)),
        ("part", ("customeraddresses?fields[customeraddresses]=street,customer", Level::User)),
        (
            "association",
            (
                "customers?fields[customers]=name&filter[group.name]=A&filter[children][neq]=1,2&sort=group.name",
                Level::Organization,
            ),
        ),
        ("hidden_association", ("customers?fields[customers]=name&filter[parent]=1&sort=parent.name", Level::User)),
        (
            "period",
            ("orders?fields[orders]=identifier&filter[createdAt]=2020-05&filter[identifier]=a,B", Level::Organization),
        ),
        ("page", ("customers?fields[customers]=name&page[number]=3&page[size]=7&meta=title", Level::Organization)),
        (
            "join_table",
            ("customers?fields[customers]=salesRepresentatives&filter[salesRepresentatives]=5", Level::Organization),
        ),
        ("prices", ("productprices?filter[priceList]=1", Level::Organization)),
    ]);
    for (name, (path, level)) in cases {
        insta::assert_snapshot!(name, text(path, level));
    }
}
