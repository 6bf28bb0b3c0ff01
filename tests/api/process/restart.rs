use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use entrepot::db::embedded::{Durability, Embedded};
use entrepot::db::migrate::migrate;
use entrepot::error::Error;

use crate::support::database;
use crate::support::load;
use crate::support::organization::Organization;
use crate::support::server::TestServer;

#[test]
fn a_database_that_goes_and_comes_back_is_503_and_then_service() {
    let folder = database::folder("restart");
    let _reaper = database::reap(&folder);
    let private = Embedded::open(folder.path(), Durability::Fleeting).unwrap();
    migrate(&private.url()).unwrap();
    let server = TestServer::start(&private.url(), "[database]\ncheckout_timeout = 1");
    let client = server.client();
    client.get("/health/ready").expect(200);

    private.stop().unwrap();
    let away = client.get("/health/ready").expect(503);
    assert_eq!(away.error()["code"], "database-away");
    assert!(away.header("Retry-After").parse::<u32>().is_ok());
    client.get("/health/live").expect(200);

    private.start().unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while client.get("/health/ready").status != 200 {
        assert!(Instant::now() < end, "no service after the database came back");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Requests that meet a database on its way out or back are answered, with what they asked for or with 503 and
/// `Retry-After`; what was acknowledged is there afterwards.
#[test]
fn a_restart_under_load_loses_nothing_that_was_acknowledged() {
    let folder = database::folder("load");
    let _reaper = database::reap(&folder);
    let private = Embedded::open(folder.path(), Durability::Fleeting).unwrap();
    migrate(&private.url()).unwrap();
    let server = TestServer::start(&private.url(), "[database]\ncheckout_timeout = 1");
    let organization = Organization::on(Box::leak(Box::new(server)));
    let client = organization.client();
    let acknowledged = load::run(
        || client.at(organization.server.address),
        load::served_or_later,
        |progress| {
            for _ in 0..2 {
                progress.more(10);
                private.stop().unwrap();
                private.start().unwrap();
            }
            progress.more(10);
        },
    );
    load::all_stored(client, &acknowledged);
}

#[test]
fn connections_that_died_while_idle_cost_no_request() {
    let folder = database::folder("idle");
    let _reaper = database::reap(&folder);
    let private = Embedded::open(folder.path(), Durability::Fleeting).unwrap();
    migrate(&private.url()).unwrap();
    let server = TestServer::start(&private.url(), "");
    server.db.transaction_now::<_, Error>(|conn| Ok(conn.batch_execute("CREATE TABLE scratch (id int)")?)).unwrap();
    for _ in 0..3 {
        private.stop().unwrap();
        private.start().unwrap();
        server.db.run_now::<_, Error>(|conn| Ok(conn.batch_execute("SELECT 1")?)).unwrap();
        server
            .db
            .transaction_now::<_, Error>(|conn| Ok(conn.batch_execute("INSERT INTO scratch VALUES (1)")?))
            .unwrap();
    }
}

#[test]
fn a_connection_lost_during_commit_leaves_the_outcome_unknown() {
    let server = TestServer::start(&database::own(), "");
    // The deferred trigger runs inside COMMIT and ends its own session there.
    let setup = "CREATE TABLE scratch (id int); CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON scratch DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION leave()";
    server.db.transaction_now::<_, Error>(|conn| Ok(conn.batch_execute(setup)?)).unwrap();
    let mut attempts = 0;
    let outcome = server.db.transaction_now::<_, Error>(|conn| {
        attempts += 1;
        Ok(conn.batch_execute("INSERT INTO scratch VALUES (1)")?)
    });
    assert_eq!(outcome.unwrap_err().code.name, "outcome-unknown");
    assert_eq!(attempts, 1);
}

#[test]
fn a_statement_over_its_time_is_told_from_others() {
    let server = TestServer::start(database::shared(), "[database]\nstatement_timeout = 1");
    let error = server.db.run_now::<_, Error>(|conn| Ok(conn.batch_execute("SELECT pg_sleep(3)")?)).unwrap_err();
    assert_eq!(error.code.name, "statement-timeout");
}

#[test]
fn reads_cannot_write() {
    let server = TestServer::start(&database::own(), "");
    let error = server.db.run_now::<_, Error>(|conn| Ok(conn.batch_execute("CREATE TABLE x (id int)")?)).unwrap_err();
    assert_eq!(error.code.name, "internal");
}

#[test]
fn transactions_that_cannot_be_serialized_are_repeated() {
    let server = TestServer::start(&database::own(), "");
    let mut attempts = 0;
    server
        .db
        .transaction_now::<_, Error>(|conn| {
            attempts += 1;
            let raise = "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'serialization_failure'; END $$";
            if attempts < 3 { Ok(conn.batch_execute(raise)?) } else { Ok(()) }
        })
        .unwrap();
    assert_eq!(attempts, 3);
}
