//! Connections that all wait, and statements that take too long.

use std::thread::{scope, yield_now};
use std::time::{Duration, Instant};

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;

use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;

/// An organization on a database of its own, and a connection that keeps everybody from the table of brands.
fn locked(settings: &str) -> (Organization, PgConnection) {
    let url = database::own();
    let organization = Organization::on(TestServer::lasting(&url, settings));
    // Makes known who calls: that takes a statement of its own.
    organization.client().get("/admin/api/brands").expect(200);
    let mut lock = PgConnection::establish(&url).unwrap();
    lock.batch_execute("BEGIN; LOCK TABLE brand IN ACCESS EXCLUSIVE MODE").unwrap();
    (organization, lock)
}

/// "no connection is free within database.checkout_timeout: 503, code database-away, with Retry-After"
#[test]
fn a_drained_pool_is_503_and_heals() {
    let settings = "[database]\npool_size = 2\ncheckout_timeout = 1\nlock_timeout = 60\nstatement_timeout = 60";
    let (organization, mut lock) = locked(settings);
    let client = organization.client();
    scope(|scope| {
        let waiting: Vec<_> = (0..2).map(|_| scope.spawn(|| client.get("/admin/api/brands").status)).collect();
        let end = Instant::now() + Duration::from_secs(30);
        while organization.server.db.connections() != (2, 0) {
            assert!(Instant::now() < end, "the pool is not drained");
            yield_now();
        }
        let refused = client.get("/admin/api/countries?page[size]=1").expect(503);
        assert_eq!(refused.error()["code"], "database-away");
        assert!(refused.header("Retry-After").parse::<u32>().is_ok());
        client.get("/health/ready").expect(503);
        client.get("/health/live").expect(200);
        lock.batch_execute("COMMIT").unwrap();
        let statuses: Vec<u16> = waiting.into_iter().map(|waiting| waiting.join().unwrap()).collect();
        assert_eq!(statuses, [200, 200], "who waited for the table is served");
    });
    client.get("/admin/api/countries?page[size]=1").expect(200);
    client.get("/health/ready").expect(200);
}

/// "a statement takes longer than database.statement_timeout: 503, code statement-timeout"
#[test]
fn a_statement_over_its_time_is_503_and_heals() {
    let (organization, mut lock) = locked("[database]\npool_size = 2\nlock_timeout = 60\nstatement_timeout = 1");
    let client = organization.client();
    let error = client.get("/admin/api/brands").expect(503).error();
    assert_eq!(error["code"], "statement-timeout");
    // It names what would be quick here, and nothing that is not there.
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.contains("externalId") && !detail.contains("sku"), "{detail}");
    client.get("/admin/api/countries?page[size]=1").expect(200);
    lock.batch_execute("COMMIT").unwrap();
    client.get("/admin/api/brands").expect(200);
}

/// "another request is changing the record for longer than database.lock_timeout: 503, code database-busy"
#[test]
fn a_lock_over_its_time_is_503_and_heals() {
    let (organization, mut lock) = locked("[database]\npool_size = 2\nlock_timeout = 1\nstatement_timeout = 60");
    let client = organization.client();
    let refused = client.get("/admin/api/brands").expect(503);
    assert_eq!(refused.error()["code"], "database-busy");
    assert!(refused.header("Retry-After").parse::<u32>().is_ok());
    lock.batch_execute("COMMIT").unwrap();
    client.get("/admin/api/brands").expect(200);
}
