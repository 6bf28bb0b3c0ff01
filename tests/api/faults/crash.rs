use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, yield_now};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use entrepot::db::embedded::{Durability, Embedded};
use entrepot::db::migrate::migrate;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Method;
use serde_json::json;

use crate::support::client::JSON_API;
use crate::support::database;
use crate::support::load;
use crate::support::organization::Organization;
use crate::support::served::Served;
use crate::support::server::TestServer;
use crate::support::shop::{Shop, line};

/// Orders that each of four clients sends, and lines of each.
const ORDERS: usize = 250;
const LINES: usize = 3;

/// What the database has of an order.
#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    identifier: String,
    #[diesel(sql_type = BigInt)]
    lines: i64,
    #[diesel(sql_type = BigInt)]
    changes: i64,
    #[diesel(sql_type = BigInt)]
    line_changes: i64,
}

/// "a transaction is lost before its COMMIT: nothing was changed" (docs/operations.md); so after a kill -9 during a
/// thousand writes every acknowledged one is there, and none half.
#[test]
fn a_killed_server_has_kept_what_it_acknowledged_and_nothing_half() {
    let url = database::own();
    let server = TestServer::lasting(&url, "[database]\npool_size = 2");
    let shop = Shop::of(Organization::on(server));
    let product = shop.product("PUMP", &[("item", 0)]);
    let served = Served::on(&url, &[]);
    let done = AtomicUsize::new(0);
    let send = |worker: usize| {
        let client = shop.client().at(served.address);
        let mut acknowledged = Vec::new();
        for number in 0..ORDERS {
            let parts: Vec<_> = (0..LINES).map(|n| line(&format!("line{n}"), &product, &json!(1), "10")).collect();
            let mut order = shop.order(&parts);
            let identifier = format!("{worker}-{number}");
            order["data"]["attributes"]["identifier"] = json!(identifier);
            let body = order.to_string();
            let answer = client.try_send(Method::POST, "/admin/api/orders", |request| {
                request.header("Content-Type", JSON_API).body(body)
            });
            // Whatever was under way when the server died is unknown to its client.
            let Ok(answer) = answer else { break };
            answer.expect(201);
            acknowledged.push(identifier);
            done.fetch_add(1, Ordering::Relaxed);
        }
        acknowledged
    };
    let acknowledged: Vec<String> = scope(|scope| {
        let send = &send;
        let workers: Vec<_> = (0..4).map(|worker| scope.spawn(move || send(worker))).collect();
        let end = Instant::now() + Duration::from_secs(120);
        while done.load(Ordering::Relaxed) < 100 {
            assert!(Instant::now() < end, "too few writes");
            yield_now();
        }
        served.signal(Signal::SIGKILL);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(acknowledged.len() < 4 * ORDERS, "the server outlived the writes");
    served.kill();

    // The database ends the sessions of the dead; what they had not committed is gone.
    let query = "SELECT identifier,
            (SELECT count(*) FROM sales_order_line_item AS l
             WHERE l.organization_id = o.organization_id AND l.order_id = o.id) AS lines,
            (SELECT count(*) FROM change AS c WHERE c.organization_id = o.organization_id
             AND c.resource = 'orders' AND c.record_id = o.id::text) AS changes,
            (SELECT count(*) FROM change AS c JOIN sales_order_line_item AS l
             ON c.organization_id = l.organization_id AND c.record_id = l.id::text
             WHERE c.resource = 'orderlineitems' AND l.organization_id = o.organization_id AND l.order_id = o.id) AS line_changes
         FROM sales_order AS o";
    let rows: Vec<Stored> =
        server.db.run_now::<_, entrepot::error::Error>(|conn| Ok(diesel::sql_query(query).load(conn)?)).unwrap();
    let stored: BTreeMap<&str, &Stored> = rows.iter().map(|row| (row.identifier.as_str(), row)).collect();
    let lost: Vec<&String> = acknowledged.iter().filter(|order| !stored.contains_key(order.as_str())).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let half = |row: &&Stored| (row.lines, row.changes, row.line_changes) != (LINES as i64, 1, LINES as i64);
    let half: Vec<&str> = rows.iter().filter(half).map(|row| row.identifier.as_str()).collect();
    assert!(half.is_empty(), "half there: {half:?}");
    assert!(rows.len() <= acknowledged.len() + 4, "a client has one order under way at most");

    let again = Served::on(&url, &[]);
    let list = shop.client().at(again.address).get("/admin/api/orders?page[size]=1").expect(200).json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
}

/// A backend that is killed takes all sessions with it, and Postgres recovers by itself.
#[test]
fn a_crash_of_the_database_under_load_loses_nothing_that_was_acknowledged() {
    let folder = database::folder("crash");
    let _reaper = database::reap(&folder);
    let private = Embedded::open(folder.path(), Durability::Durable).unwrap();
    migrate(&private.url()).unwrap();
    let server = TestServer::start(&private.url(), "[database]\ncheckout_timeout = 1\npool_size = 4");
    let organization = Organization::on(Box::leak(Box::new(server)));
    #[derive(QueryableByName)]
    struct Backend {
        #[diesel(sql_type = BigInt)]
        pid: i64,
    }
    let acknowledged = load::run(
        || organization.client().at(organization.server.address),
        load::served_or_later,
        |progress| {
            for _ in 0..2 {
                progress.more(10);
                let own = "SELECT pg_backend_pid()::bigint AS pid";
                let mut conn = PgConnection::establish(&private.url()).unwrap();
                let backend: Backend = diesel::sql_query(own).get_result(&mut conn).unwrap();
                kill(Pid::from_raw(backend.pid as i32), Signal::SIGKILL).unwrap();
            }
            progress.more(10);
        },
    );
    load::all_stored(organization.client(), &acknowledged);
}
