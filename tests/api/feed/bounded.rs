//! What a request costs, however long the feed is and however little of it the caller sees.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use entrepot::acl::{Caller, Level, Permission, Permissions, Principal, User};
use entrepot::engine::plan::Shape;
use entrepot::engine::registry::Registry;
use entrepot::engine::render::View;
use entrepot::error::Error;
use entrepot::feed::page::{self, Page, Place, Wanted};
use entrepot::feed::sight::Sight;
use entrepot::http::changes::CHANGE;
use entrepot::resources;
use serde_json::json;

use super::Reader;
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::rows::execute;
use crate::support::server::TestServer;

/// Changes of one type without records, numbered, before any others.
pub(super) fn fill(organization: &Organization, count: u32, kind: &str) {
    execute(
        organization,
        &format!(
            "INSERT INTO change (organization_id, resource, record_id, action, fields, at, position) \
             SELECT $1, '{kind}', n::text, 'updated', '[\"name\"]', now(), n FROM generate_series(1, {count}) n"
        ),
    );
    execute(
        organization,
        &format!(
            "INSERT INTO change_feed (organization_id, position) VALUES ($1, {count}) \
             ON CONFLICT (organization_id) DO UPDATE SET position = excluded.position"
        ),
    );
}

#[derive(QueryableByName)]
struct Read {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// Entries of indexes and rows of the feed's tables that the transaction has read so far.
fn rows_read(conn: &mut PgConnection) -> Result<i64, Error> {
    let read = "SELECT sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid))::bigint AS rows \
                FROM pg_class WHERE oid = 'change'::regclass \
                OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'change'::regclass)";
    Ok(diesel::sql_query(read).get_result::<Read>(conn)?.rows)
}

const ROWS: u32 = 60_000;

/// Someone with that level on everything, who owns nothing.
fn caller(organization: &Organization, level: Level) -> Caller {
    let mut permissions = Permissions::default();
    for resource in resources::ALL {
        permissions.grant(resource.name, Permission::View, level);
    }
    let user = User { id: 0, business_unit: 0, business_units: vec![0], division: vec![0] };
    Caller {
        organization: organization.id(),
        principal: Principal::User(user),
        client: "test".to_owned(),
        permissions,
        networks: Default::default(),
        locale: Default::default(),
    }
}

/// A look at that place: what it reads, and the page.
fn look(organization: &Organization, level: Level, types: &[&str], place: Place) -> (i64, Page) {
    let caller = caller(organization, level);
    let registry = Registry::new("admin", "/admin/api", resources::ALL);
    let types: Vec<_> = types.iter().map(|name| registry.get(name).unwrap()).collect();
    let sight = match types.is_empty() {
        true => Sight::of(&caller, resources::ALL.iter().copied()),
        false => Sight::of(&caller, types),
    };
    let wanted =
        Wanted { sight, actions: None, ids: None, moments: Vec::new(), shape: Shape::whole(&CHANGE), records: false };
    let view = View { base: String::new(), links: false };
    let read = |conn: &mut PgConnection| -> Result<_, Error> {
        let before = rows_read(conn)?;
        let page = page::read(conn, &caller, &wanted, (place, 100), &view)?;
        Ok((rows_read(conn)? - before, page))
    };
    organization.server.db.transaction_now(read).unwrap()
}

/// Tens of thousands of changes, of one type and nobody's, with one of another type at the end.
fn filled() -> Organization {
    let url = database::own();
    let organization = Organization::on(TestServer::lasting(&url, "[database]\npool_size = 2"));
    fill(&organization, ROWS, "customergroups");
    let last = format!("UPDATE change SET resource = 'orders' WHERE organization_id = $1 AND position = {ROWS}");
    execute(&organization, &last);
    PgConnection::establish(&url).unwrap().batch_execute("ANALYZE change").unwrap();
    organization
}

/// A reader of a type of which there is little comes to it in one step, whatever is in between.
#[test]
fn a_flood_of_another_type_costs_nothing() {
    let organization = filled();
    let (read, page) = look(&organization, Level::Organization, &["orders", "products"], Place::Oldest);
    assert_eq!((page.changes.len(), page.has_more()), (1, false));
    assert!(read < 100, "{read} rows read");
    let (read, page) = look(&organization, Level::Organization, &["products"], Place::After(5));
    assert_eq!((page.changes.len(), page.position), (0, i64::from(ROWS)));
    assert!(read < 100, "{read} rows read");
}

/// A page of a type of which there is much reads what it shows, wherever it begins.
#[test]
fn a_page_reads_what_it_shows() {
    let organization = filled();
    for place in [Place::Oldest, Place::After(i64::from(ROWS) / 2)] {
        for types in [["customergroups"].as_slice(), &[]] {
            let (read, page) = look(&organization, Level::Organization, types, place);
            assert_eq!((page.changes.len(), page.has_more()), (100, true));
            assert!(read < 1000, "{types:?}: {read} rows read");
        }
    }
}

/// "a filtered reader must make progress": who may view nothing of what there is comes to the end, in few steps.
#[test]
fn who_sees_nothing_goes_on() {
    let organization = filled();
    for types in [["customergroups"].as_slice(), &["customergroups", "orders"], &[]] {
        let (mut place, mut pages) = (Place::Oldest, 0);
        loop {
            let (_, page) = look(&organization, Level::User, types, place);
            assert_eq!(page.changes.len(), 0);
            assert!(Place::After(page.position) != place, "no progress at {place:?}");
            (place, pages) = (Place::After(page.position), pages + 1);
            if !page.has_more() {
                break;
            }
        }
        assert!((2..=15).contains(&pages), "{types:?}: {pages} pages");
    }
}

/// Over HTTP too: a request with `wait` walks through nothing more than one page, and says that there is more.
#[test]
fn a_request_that_waits_looks_once() {
    let organization = filled();
    let mut reader = Reader::from_the_oldest(organization.client()).with("&filter[id]=none&wait=60");
    let page = reader.read();
    assert_eq!((page["data"].as_array().map(Vec::len), &page["meta"]["page"]["more"]), (Some(0), &json!(true)));
}
