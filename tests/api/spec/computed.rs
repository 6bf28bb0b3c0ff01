//! What no column holds agrees with the rest of the record.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use entrepot::acl::{Level, authorize};
use entrepot::engine::computed::{Ask, Computed, Values};
use entrepot::engine::field::text;
use entrepot::engine::key::Key;
use entrepot::engine::load::{self, Extra, Frame, Listed};
use entrepot::engine::plan::{Page, ReadPlan, Shape};
use entrepot::engine::predicate::Predicate;
use entrepot::engine::render::View;
use entrepot::engine::resource::Resource;
use entrepot::engine::sql::Sql;
use entrepot::engine::value::Value;
use entrepot::error::Error;
use serde_json::Value as Json;

use super::query_text::caller;
use crate::support::organization::{Organization, unique};
use crate::support::rows;
use crate::support::server::TestServer;

/// Customer groups that show their name twice: as it is stored, and worked out.
static GROUP: Resource = Resource::new("customergroups", "customer_group")
    .computed(&Renamed)
    .fields(&[text("name").sort(), text("again").computed()]);

/// Works the attribute out; right after that another connection renames the groups.
struct Renamed;

impl Computed for Renamed {
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
        let mut sql = Sql::new();
        sql.raw("SELECT id, to_jsonb(name) FROM customer_group WHERE organization_id = ");
        sql.bind(Value::Integer(ask.caller.organization)).raw(" AND id = ANY(").bind(Value::Integers(ask.ids()));
        sql.raw(")");
        values.read(conn, sql, &["again"])?;
        TestServer::shared().db.transaction_now(|other| {
            let rename = "UPDATE customer_group SET name = name || '+' WHERE organization_id = $1";
            diesel::sql_query(rename).bind::<BigInt, _>(ask.caller.organization).execute(other)?;
            Ok(())
        })
    }
}

/// Both names of every group in a document.
fn names(document: &Json, found: &mut Vec<[Json; 2]>) {
    match document {
        Json::Array(items) => items.iter().for_each(|item| names(item, found)),
        Json::Object(members) => match members.get("attributes") {
            Some(attributes) => found.push([attributes["name"].clone(), attributes["again"].clone()]),
            None => members.values().for_each(|member| names(member, found)),
        },
        _ => (),
    }
}

/// A record is shown as it was at one moment, whatever else is written meanwhile and wherever in a document it stands.
#[test]
fn a_record_is_shown_as_it_was_at_one_moment() {
    let organization = Organization::new();
    let [first, second] = [unique("group"), unique("group")];
    let keys = rows::groups(&organization, &[&first, &second]).into_iter().map(Key::Integer).collect::<Vec<_>>();
    let mut caller = caller(Level::Organization);
    caller.organization = organization.id();
    let view = View { base: "/admin/api".to_owned(), links: false };
    let item = authorize(ReadPlan::item(&GROUP, &keys[0]), &caller).unwrap();
    let all = ReadPlan { filter: Predicate::True, ..ReadPlan::item(&GROUP, &keys[0]) };
    let page = authorize(ReadPlan { page: Page::Number { number: 1, size: 10 }, ..all.clone() }, &caller).unwrap();
    let frame = || Frame { many: true, row_limit: 10, ..Frame::default() };
    let extra = [Extra { resource: &GROUP, key: keys[1].clone(), include_id: "second".to_owned() }];
    let listed: Vec<Listed> = keys.iter().map(|key| Listed { key: key.clone(), data_id: None }).collect();
    let shape = || Shape::whole(&GROUP);
    type Read<'r> = &'r dyn Fn(&mut PgConnection) -> Result<Vec<Vec<u8>>, Error>;
    let reads: [(&str, usize, Read<'_>); 6] = [
        ("a record", 1, &|conn| Ok(vec![load::document(conn, &item, &view, Frame::default(), &[])?.body])),
        ("a page", 2, &|conn| Ok(vec![load::document(conn, &page, &view, frame(), &[])?.body])),
        ("an included record", 2, &|conn| Ok(vec![load::document(conn, &item, &view, Frame::default(), &extra)?.body])),
        ("a list of written records", 2, &|conn| Ok(vec![load::list(conn, &page, &view, frame(), &listed, &[])?])),
        ("objects", 2, &|conn| {
            Ok(load::objects(conn, &caller, shape(), &keys, &view)?.into_iter().map(|(_, object)| object).collect())
        }),
        ("documents", 2, &|conn| {
            Ok(load::documents(conn, &item, &keys, &view)?.into_iter().map(|(_, document)| document).collect())
        }),
    ];
    let mut torn = Vec::new();
    for (what, count, read) in reads {
        let mut found = Vec::new();
        for document in organization.server.db.run_now(read).unwrap() {
            names(&serde_json::from_slice(&document).unwrap(), &mut found);
        }
        assert_eq!(found.len(), count, "{what}: {found:?}");
        torn.extend(found.into_iter().filter(|[name, again]| name != again).map(|names| (what, names)));
    }
    assert!(torn.is_empty(), "{torn:#?}");
}
