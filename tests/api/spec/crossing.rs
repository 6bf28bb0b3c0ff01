//! Two requests that meet at a row: each test holds the row until both are waiting for it, or until one is.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use entrepot::commerce::organization::ADMINISTRATOR;
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::shop::{Shop, many, one};

/// A transaction of the test's own on the tests' database.
struct Holder {
    conn: PgConnection,
    pid: i32,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Holder {
    /// Begins with a statement about the organization (`$1`) and a record (`$2`).
    fn begin(statement: &str, organization: i64, record: &str) -> Holder {
        let mut conn = PgConnection::establish(database::shared()).unwrap();
        let pid = diesel::select(diesel::dsl::sql::<Integer>("pg_backend_pid()")).get_result(&mut conn).unwrap();
        conn.batch_execute("BEGIN").unwrap();
        let query = diesel::sql_query(statement).bind::<BigInt, _>(organization);
        query.bind::<BigInt, _>(record.parse::<i64>().unwrap()).execute(&mut conn).unwrap();
        Holder { conn, pid }
    }

    /// Returns when that many requests wait for this transaction, or for one that waits for it.
    fn await_waiting(&self, count: i64) {
        let mut look = PgConnection::establish(database::shared()).unwrap();
        let query = "WITH RECURSIVE waiting (pid) AS (SELECT $1 UNION \
                     SELECT activity.pid FROM pg_stat_activity AS activity JOIN waiting \
                     ON waiting.pid = ANY(pg_blocking_pids(activity.pid))) SELECT count(*) - 1 AS number FROM waiting";
        for _ in 0..100_000 {
            let query = diesel::sql_query(query).bind::<Integer, _>(self.pid);
            if query.get_result::<Number>(&mut look).unwrap().number >= count {
                return;
            }
        }
        panic!("nobody waits");
    }

    fn commit(mut self) {
        self.conn.batch_execute("COMMIT").unwrap();
    }
}

/// "The last enabled user who may do everything cannot lose that": nor when two administrators take it from each other at
/// the same moment.
#[test]
fn two_administrators_who_disable_each_other() {
    let organization = Organization::new();
    let (a, b) = (organization.admin.clone(), organization.user(organization.first.business_unit, &[ADMINISTRATOR]));
    let disable = |by: &crate::support::organization::User, id: i64| {
        let data = json!({"type": "users", "id": id.to_string(), "attributes": {"enabled": false}});
        by.client.patch(&format!("/admin/api/users/{id}"), &json!({"data": data}))
    };
    a.client.get("/admin/api/userprofile").expect(200);
    b.client.get("/admin/api/userprofile").expect(200);
    let id = organization.id();
    let holder = Holder::begin("SELECT id FROM organization WHERE id = $1 AND $2 = $2 FOR UPDATE", id, "0");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads = [scope.spawn(|| disable(&a, b.id)), scope.spawn(|| disable(&b, a.id))];
        holder.await_waiting(2);
        holder.commit();
        let mut statuses: Vec<u16> = threads.into_iter().map(|thread| thread.join().unwrap().status).collect();
        statuses.sort_unstable();
        statuses
    });
    assert_eq!(statuses, [200, 403]);
    let left = [&a, &b].into_iter().filter(|user| user.client.get("/admin/api/userprofile").status == 200).count();
    assert_eq!(left, 1);
}

fn post_note(shop: &Shop, customer: &str) -> Answer {
    let relationships = json!({"activityTargets": many("customers", &[customer])});
    shop.try_create("notes", &json!({"message": "Hi"}), &relationships)
}

/// What a request does while a customer goes, which the test deletes by hand.
fn while_a_customer_goes(work: impl Fn(&Shop, &str) -> Answer + Sync) -> Answer {
    let shop = Shop::new();
    let customer = shop.create("customers", &json!({"name": "Gone"}), &json!({}));
    let id = shop.organization.id();
    let holder = Holder::begin("DELETE FROM customer WHERE organization_id = $1 AND id = $2", id, &customer);
    std::thread::scope(|scope| {
        let request = scope.spawn(|| work(&shop, &customer));
        holder.await_waiting(1);
        holder.commit();
        request.join().unwrap()
    })
}

fn no_such_entity(answer: Answer, place: &str) {
    let error = answer.expect(400).error();
    assert_eq!((&error["detail"], &error["source"]["pointer"]), (&json!("The entity does not exist."), &json!(place)));
}

/// A row of a join table whose far end goes at the same moment: as if it had gone before.
#[test]
fn a_link_to_a_record_that_goes() {
    no_such_entity(while_a_customer_goes(post_note), "/data/relationships/activityTargets/data");
    let added = while_a_customer_goes(|shop, customer| {
        let note = post_note(shop, &shop.customer).expect(201).id();
        let path = format!("/admin/api/notes/{note}/relationships/activityTargets");
        shop.client().patch(&path, &many("customers", &[&shop.customer, customer]))
    });
    no_such_entity(added, "/data");
}

/// So a foreign key.
#[test]
fn a_foreign_key_to_a_record_that_goes() {
    let attached = while_a_customer_goes(|shop, customer| {
        let body = json!({
            "data": {
                "type": "attachments", "relationships": {"target": one("customers", customer), "file": one("files", "f")},
            },
            "included": [{"type": "files", "id": "f", "attributes": {
                "content": "QQ==", "originalFilename": "a.txt", "mimeType": "text/plain",
            }}],
        });
        shop.client().post("/admin/api/attachments", &body)
    });
    no_such_entity(attached, "/data/relationships/target/data");
}

/// A record that is deleted while a row of a join table arrives takes the row along.
#[test]
fn a_record_that_goes_while_a_link_to_it_arrives() {
    let shop = Shop::new();
    let customer = shop.create("customers", &json!({"name": unique("Gone")}), &json!({}));
    let note = post_note(&shop, &shop.customer).expect(201).id();
    let id = shop.organization.id();
    let insert = format!("INSERT INTO note_customer (organization_id, note_id, customer_id) VALUES ($1, {note}, $2)");
    let holder = Holder::begin(&insert, id, &customer);
    let path = format!("/admin/api/customers/{customer}");
    std::thread::scope(|scope| {
        let request = scope.spawn(|| shop.client().delete(&path));
        holder.await_waiting(1);
        holder.commit();
        request.join().unwrap().expect(204);
    });
    let shown = shop.client().get(&format!("/admin/api/notes/{note}/relationships/activityTargets")).expect(200).json();
    assert_eq!(shown["data"].as_array().map(Vec::len), Some(1));
    let rows =
        "SELECT count(*) AS number FROM change WHERE organization_id = $1 AND record_id = $2 AND action = 'deleted'";
    let deleted: Number = shop
        .organization
        .write(|conn| Ok(diesel::sql_query(rows).bind::<BigInt, _>(id).bind::<Text, _>(&customer).get_result(conn)?));
    assert_eq!(json!(deleted.number), Value::from(1));
}

/// "Reuse of a refresh token revokes its family", and a changed password ends what was opened with the old one: also what a
/// refresh gives that is under way just then.
#[test]
fn tokens_that_are_ended_while_they_are_refreshed() {
    let organization = Organization::new();
    let client = crate::auth::password_client(&organization);
    let refresh = "WITH used AS (UPDATE oauth_refresh_token SET used_at = now() \
                   WHERE organization_id = $1 AND user_id = $2 AND used_at IS NULL RETURNING *) \
                   INSERT INTO oauth_refresh_token (hash, organization_id, client_id, user_id, family, issued_at, expires_at) \
                   SELECT sha256(hash), organization_id, client_id, user_id, family, now(), expires_at FROM used";
    let good = |user: i64| {
        use entrepot::schema::oauth_refresh_token as token;
        let of_user = token::table.filter(token::user_id.eq(user).and(token::revoked_at.is_null()));
        organization.write(|conn| Ok(of_user.count().get_result::<i64>(conn)?))
    };
    let second_use = |_: i64, token: &str| {
        crate::auth::refresh(&organization, &client, token).expect(400);
    };
    let new_password = |user: i64, _: &str| {
        let cost = entrepot::auth::password::Cost { memory_kib: 64, iterations: 1 };
        let id = organization.id();
        let subject = entrepot::auth::subject::Subject::User(user);
        let set = entrepot::auth::account::set_password;
        organization.write(|conn| set(conn, cost, id, subject, "another password"));
    };
    type End<'a> = &'a (dyn Fn(i64, &str) + Sync);
    let ends: [End<'_>; 2] = [&second_use, &new_password];
    for end in ends {
        let user = organization.user(organization.first.business_unit, &[]);
        let login = crate::auth::log_in(&organization, &client, &user).expect(200);
        let first = crate::auth::member(&login, "refresh_token");
        crate::auth::refresh(&organization, &client, &first).expect(200);
        let holder = Holder::begin(refresh, organization.id(), &user.id.to_string());
        std::thread::scope(|scope| {
            scope.spawn(|| end(user.id, &first));
            holder.await_waiting(1);
            holder.commit();
        });
        assert_eq!(good(user.id), 0);
    }
}
