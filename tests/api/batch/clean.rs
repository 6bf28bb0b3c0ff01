//! What becomes of operations with time.

use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use entrepot::engine::split::Format;
use entrepot::error::Error;
use entrepot::jobs::clean_operations::CleanOperations;
use entrepot::queue::{self, Options};
use serde_json::json;

use crate::support::batch::{send, summary};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::rows;
use crate::support::server::TestServer;

/// Enqueues a job of the system, and waits until it is done: then its row is gone.
fn run_to_the_end(server: &TestServer, job: &CleanOperations) {
    let enqueue = |conn: &mut PgConnection| queue::enqueue(conn, None, job, &Options::default());
    let id = server.db.transaction_now::<_, Error>(enqueue).unwrap().id;
    let end = Instant::now() + Duration::from_secs(30);
    while server.db.run_now::<_, Error>(|conn| Ok(queue::progress(conn, id)?)).unwrap().is_some() {
        assert!(Instant::now() < end, "the job does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// "Operations are removed after 30 days; ones running for more than 1 h are also cleaned."
#[test]
fn old_operations_go_and_those_that_hang_are_given_up() {
    let url = database::own();
    let settings = "[queue]\nworkers = 2";
    let server = TestServer::lasting(&url, settings);
    let organization = Organization::on(server);
    let client = organization.client();
    let [old, recent] = [(); 2].map(|()| {
        let mut data = super::groups(2);
        data[0]["attributes"]["name"] = json!("");
        let body = json!({ "data": data }).to_string();
        let sent = send(&organization.admin, "customergroups", Format::Json, &body);
        sent.ended(client);
        sent
    });
    let age = |id: &str, days: u32| {
        let time = format!("created_at = now() - interval '{days} days'");
        rows::execute(
            &organization,
            &format!("UPDATE async_operation SET {time} WHERE organization_id = $1 AND id = {id}"),
        );
    };
    age(&old.id, 31);
    age(&recent.id, 29);
    let hanging = |minutes: u32| {
        let sql = format!(
            "INSERT INTO async_operation (organization_id, owner_id, client, api, entity_type, external_ids, request,
                status, created_at, updated_at)
             SELECT $1, {}, 'tests', 'admin', 'customergroups', false, '{{}}', 'running',
                now() - interval '{minutes} minutes', now() - interval '{minutes} minutes'",
            organization.admin.id
        );
        rows::insert(&organization, &sql)[0]
    };
    let (stuck, slow) = (hanging(61), hanging(59));
    run_to_the_end(server, &CleanOperations {});
    client.get(&old.path).expect(404);
    for table in ["async_operation_chunk", "async_operation_error"] {
        let sql =
            format!("SELECT count(*) AS id FROM {table} WHERE organization_id = $1 AND operation_id = {}", old.id);
        assert_eq!(rows::number(&organization, &sql), 0, "{table}");
    }
    assert_eq!(summary(&recent.now(client)), [2, 1, 1, 1, 0]);
    let given_up = client.get(&format!("/admin/api/asyncoperations/{stuck}")).expect(200).json();
    assert_eq!(given_up["data"]["attributes"]["status"], "failed");
    let errors = client.get(&format!("/admin/api/asyncoperations/{stuck}/errors")).expect(200).json();
    assert_eq!(errors["data"][0]["attributes"]["title"], "async operation exception");
    let running = client.get(&format!("/admin/api/asyncoperations/{slow}")).expect(200).json();
    assert_eq!(running["data"]["attributes"]["status"], "running");
}
