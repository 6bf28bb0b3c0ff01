//! Chunks that cannot be written: the operation ends all the same.

use diesel::connection::SimpleConnection;
use entrepot::app::App;
use entrepot::engine::split::Format;
use entrepot::jobs::finish_operation::FinishOperation;
use entrepot::jobs::split_operation::SplitOperation;
use entrepot::queue::{Failed, Job, Run, entry};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::batch::{Sent, send, summary};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::rows;
use crate::support::server::TestServer;

fn groups(organization: &Organization, count: usize) -> Sent {
    let body = json!({ "data": super::groups(count) }).to_string();
    send(&organization.admin, "customergroups", Format::Json, &body)
}

/// Each record has an error, and comes back to be sent again; nothing is written.
#[track_caller]
fn all_are_told(organization: &Organization, sent: &Sent, count: usize, detail: &str) {
    let client = organization.client();
    let ended = sent.ended(client);
    assert_eq!(ended["attributes"]["status"], "success");
    assert_eq!(summary(&ended), [count as i64, 0, count as i64, 0, 0]);
    let list = client.get(&format!("{}/errors?page[size]=-1", sent.path)).expect(200).json();
    let errors: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|error| &error["attributes"]).collect();
    let pointers: Vec<&str> = errors.iter().map(|error| error["source"]["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, (0..count).map(|place| format!("/data/{place}")).collect::<Vec<_>>());
    assert!(errors.iter().all(|error| error["detail"].as_str().unwrap().contains(detail)), "{list}");
    let failed = client.get(&format!("{}/failed", sent.path)).expect(200).json();
    assert_eq!(failed["data"].as_array().unwrap().len(), count);
    let sql = "SELECT count(*) AS id FROM customer_group WHERE organization_id = $1 AND name LIKE 'group-%'";
    assert_eq!(rows::number(organization, sql), 0);
}

/// "A chunk that cannot be written all the same ends with an error for each of its records: the operation ends in any case."
/// (docs/bulk.md) Here every commit of what it writes fails.
#[test]
fn a_chunk_that_fails_again_and_again_ends_as_errors_of_its_records() {
    let settings = "[queue]\nworkers = 2\n[batch]\nchunk_size = 2";
    let organization = Organization::on(TestServer::lasting(&database::own(), settings));
    let broken = "
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON async_operation FOR EACH ROW
            WHEN (NEW.create_count > OLD.create_count) EXECUTE FUNCTION refuse()";
    organization.write(|conn| Ok(conn.batch_execute(broken)?));
    let sent = groups(&organization, 3);
    all_are_told(&organization, &sent, 3, "unexpected condition");
}

/// A job under the name of that which writes a chunk, whose worker never lives to the end of it.
#[derive(Serialize, Deserialize)]
struct Dies {
    operation: i64,
    chunk: i32,
}

impl Job for Dies {
    const NAME: &'static str = "operation.chunk";
    const QUEUE: &'static str = "operations";

    fn run(&self, _: &App, _: &Run<'_>) -> Result<(), Failed> {
        Err(Failed::never("It dies."))
    }
}

/// The same where no worker lives long enough to say why.
#[test]
fn a_chunk_whose_job_dies_ends_as_errors_of_its_records() {
    let jobs = [entry::<SplitOperation>(), entry::<Dies>(), entry::<FinishOperation>()];
    let server = TestServer::with_jobs(&database::own(), "[queue]\nworkers = 1", &jobs);
    let organization = Organization::on(Box::leak(Box::new(server)));
    let sent = groups(&organization, 2);
    all_are_told(&organization, &sent, 2, "could not write the record");
}
