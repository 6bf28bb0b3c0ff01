//! Change rows: one per record that a request created, changed or deleted, in the transaction that did it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text};
use serde_json::{Value, json};

use crate::support::organization::Organization;
use crate::support::shop::{Shop, line, many, one};

#[derive(Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    resource: String,
    #[diesel(sql_type = Text)]
    record_id: String,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Jsonb)]
    fields: Value,
    #[diesel(sql_type = Nullable<BigInt>)]
    user_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    client: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    owner_id: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    business_unit_id: Option<i64>,
}

/// The rows that the organization got since the last look, in a stable order.
fn rows(organization: &Organization, after: &mut i64) -> Vec<Row> {
    let (id, from) = (organization.id(), *after);
    let (rows, last): (Vec<Row>, i64) = organization.write(|conn| {
        let rows = diesel::sql_query(
            "SELECT * FROM change WHERE organization_id = $1 AND id > $2 ORDER BY resource, record_id::bigint",
        );
        let rows = rows.bind::<BigInt, _>(id).bind::<BigInt, _>(from).load(conn)?;
        #[derive(QueryableByName)]
        struct Last {
            #[diesel(sql_type = BigInt)]
            last: i64,
        }
        let last = diesel::sql_query("SELECT COALESCE(max(id), 0) AS last FROM change WHERE organization_id = $1");
        let last: Last = last.bind::<BigInt, _>(id).get_result(conn)?;
        Ok((rows, last.last))
    });
    *after = last;
    rows
}

fn told(rows: &[Row]) -> Vec<(&str, &str, &str)> {
    rows.iter().map(|row| (row.resource.as_str(), row.record_id.as_str(), row.action.as_str())).collect()
}

#[test]
fn who_what_and_whose() {
    let shop = Shop::new();
    let mut seen = 0;
    rows(&shop.organization, &mut seen);
    shop.change("customers", &shop.customer, &json!({"name": "Changed"})).expect(200);
    let [row] = &rows(&shop.organization, &mut seen)[..] else { panic!("one row") };
    assert_eq!((row.resource.as_str(), row.action.as_str()), ("customers", "updated"));
    assert_eq!(row.record_id, shop.customer);
    assert!(row.fields.as_array().unwrap().contains(&json!("name")), "{}", row.fields);
    let admin = &shop.organization.admin;
    assert_eq!((row.user_id, row.client.as_deref()), (Some(admin.id), Some(admin.client_id.as_str())));
    assert_eq!((row.owner_id, row.business_unit_id), (Some(admin.id), None));
}

/// A request that changes nothing, that is refused, or that only validates leaves no row.
#[test]
fn nothing_changed_nothing_told() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "1")]).expect(201).id();
    let mut seen = 0;
    rows(&shop.organization, &mut seen);
    shop.change("customers", &shop.customer, &json!({"name": "Atlas"})).expect(200);
    shop.change("customers", &shop.customer, &json!({"name": ""})).expect(400);
    let children = format!("/admin/api/customers/{}/relationships/children", shop.customer);
    shop.client().patch(&children, &json!({"data": []})).expect(204);
    shop.client().delete(&format!("/admin/api/customers/{}", shop.customer)).expect(403);
    let mut draft = shop.order(&[line("1", &product, &json!(1), "1")]);
    draft["data"]["meta"] = json!({"validate": true});
    shop.client().post("/admin/api/orders", &draft).expect(201);
    let body = json!({"data": {
        "type": "orders", "id": order, "attributes": {"poNumber": "1"}, "meta": {"validate": true},
    }});
    shop.client().patch(&format!("/admin/api/orders/{order}"), &body).expect(200);
    assert_eq!(told(&rows(&shop.organization, &mut seen)), []);
}

/// Created together, told one by one.
#[test]
fn included_records_have_their_rows() {
    let shop = Shop::new();
    let mut seen = 0;
    rows(&shop.organization, &mut seen);
    let product = shop.product("A", &[("item", 0)]);
    let rows = rows(&shop.organization, &mut seen);
    let mut created: Vec<&str> = rows.iter().map(|row| row.resource.as_str()).collect();
    created.sort_unstable();
    assert_eq!(created, ["inventorylevels", "productnames", "products", "productunitprecisions"]);
    assert!(rows.iter().all(|row| row.action == "created"));
    assert!(rows.iter().any(|row| row.record_id == product));
    let unit = shop.organization.first.business_unit;
    for row in rows.iter().filter(|row| row.resource != "inventorylevels") {
        assert_eq!(row.business_unit_id, Some(unit), "a part is its parent's: {row:?}");
    }
}

/// "Parts deleted with their parent have their own rows", with the owner that the parent had.
#[test]
fn parts_that_go_have_their_rows() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let order = shop.try_order(&[line("1", &product, &json!(1), "1"), line("2", &product, &json!(1), "1")]);
    let order = order.expect(201).id();
    let mut seen = 0;
    rows(&shop.organization, &mut seen);
    shop.client().delete(&format!("/admin/api/orders/{order}")).expect(204);
    let rows = rows(&shop.organization, &mut seen);
    let lines = rows.iter().filter(|row| row.resource == "orderlineitems").count();
    assert_eq!(lines, 2);
    assert!(rows.iter().any(|row| row.resource == "orders" && row.record_id == order));
    for row in &rows {
        assert_eq!(row.action, "deleted", "{row:?}");
        assert_eq!(row.owner_id, Some(shop.organization.admin.id), "{row:?}");
    }
}

/// A link that is set from the other end changes both records.
#[test]
fn both_ends_of_a_link() {
    let shop = Shop::new();
    let child = shop.create("customers", &json!({"name": "B"}), &json!({}));
    let mut seen = 0;
    rows(&shop.organization, &mut seen);
    let children = format!("/admin/api/customers/{}/relationships/children", shop.customer);
    shop.client().patch(&children, &many("customers", &[&child])).expect(204);
    let found = rows(&shop.organization, &mut seen);
    let wanted = [("customers", shop.customer.as_str(), "updated"), ("customers", child.as_str(), "updated")];
    assert_eq!(told(&found), wanted);
    assert!(found[0].fields.as_array().unwrap().contains(&json!("children")), "{found:?}");
    assert!(found[1].fields.as_array().unwrap().contains(&json!("parent")), "{found:?}");
    // The same again changes nothing.
    shop.client().patch(&children, &many("customers", &[&child])).expect(204);
    assert_eq!(told(&rows(&shop.organization, &mut seen)), []);
    let parent = format!("/admin/api/customers/{child}/relationships/parent");
    shop.client().patch(&parent, &one("customers", &shop.customer)).expect(204);
    assert_eq!(told(&rows(&shop.organization, &mut seen)), []);
}
