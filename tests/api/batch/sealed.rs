//! What lies in the database of the records of a batch: nothing that can be read without the server's key.

use std::collections::HashSet;
use std::io::Read;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};
use entrepot::auth::keys;
use entrepot::auth::secret::ServerKey;
use entrepot::engine::split::Format;
use entrepot::error::{Error, SEALED_UNDER_ANOTHER_KEY};
use entrepot::jobs::{self, split_operation::SplitOperation};
use entrepot::operation::{Operation, chunk, failed};
use entrepot::queue::entry;
use flate2::read::{DeflateDecoder, GzDecoder};
use serde_json::{Value, json};

use crate::support::batch::{Sent, patch, send, summary};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::rows;
use crate::support::server::{KEY, TestServer};

const OTHER_KEY: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";

/// What no table may hold in clear, whatever its form.
const PASSWORD: &str = "Correct-Horse-7-Battery";

fn server(url: &str, settings: &str) -> &'static TestServer {
    TestServer::lasting(url, settings)
}

fn bytes(organization: &Organization, sql: &str) -> Vec<Vec<u8>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Binary>)]
        value: Option<Vec<u8>>,
    }
    let rows = organization.write(|conn| Ok(diesel::sql_query(sql).load::<Row>(conn)?));
    rows.into_iter().filter_map(|row| row.value).collect()
}

fn texts(organization: &Organization, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        value: String,
    }
    organization.write(|conn| Ok(diesel::sql_query(sql).load::<Row>(conn)?)).into_iter().map(|row| row.value).collect()
}

/// Whether bytes have the word in them, as they are or compressed from any place on.
fn tells(bytes: &[u8], word: &str) -> bool {
    let has = |bytes: &[u8]| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    let unpacked = |mut reader: Box<dyn Read + '_>| {
        let mut out = Vec::new();
        let _ = reader.by_ref().take(1 << 20).read_to_end(&mut out);
        has(&out)
    };
    let heads = (0..bytes.len().min(64)).map(|start| &bytes[start..]);
    has(bytes)
        || heads.clone().any(|rest| unpacked(Box::new(GzDecoder::new(rest))))
        || heads.clone().any(|rest| unpacked(Box::new(DeflateDecoder::new(rest))))
}

/// The tables in which the word can be found.
fn tables_that_tell(organization: &Organization, word: &str) -> HashSet<String> {
    let columns = texts(
        organization,
        "SELECT table_name || ' ' || column_name || ' ' || data_type AS value FROM information_schema.columns
         JOIN information_schema.tables USING (table_schema, table_name)
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    let mut found = HashSet::new();
    for column in &columns {
        let [table, column, kind] = column.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{column}") };
        let value =
            if kind == "bytea" { format!("\"{column}\"") } else { format!("convert_to(\"{column}\"::text, 'UTF8')") };
        let values = bytes(organization, &format!("SELECT {value} AS value FROM \"{table}\""));
        if values.iter().any(|value| {
            if kind == "bytea" {
                tells(value, word)
            } else {
                value.windows(word.len()).any(|part| part == word.as_bytes())
            }
        }) {
            found.insert(table.to_owned());
        }
    }
    found
}

/// Customer users with that password: one that can be made, one that cannot.
fn customer_users(organization: &Organization) -> String {
    let customer = organization.customer(None).to_string();
    let role = rows::number(organization, "SELECT min(id) AS id FROM customer_user_role WHERE organization_id = $1");
    let user = |email: String| {
        json!({"type": "customerusers",
            "attributes": {"email": email, "firstName": "A", "lastName": "B", "password": PASSWORD},
            "relationships": {"customer": {"data": {"type": "customers", "id": customer}},
                "userRoles": {"data": [{"type": "customeruserroles", "id": role.to_string()}]}}})
    };
    let good = user(format!("{}@example.org", unique("good").to_lowercase()));
    json!({"data": [good, user("no address".to_owned())]}).to_string()
}

/// Raw records lie in the database while they wait, and those that failed for as long as they can be downloaded: at no
/// moment can anything of them be read there, and nothing is kept of those that are written.
#[test]
fn no_password_can_be_read_in_the_database() {
    let url = database::own();
    let organization = Organization::on(server(&url, ""));
    let client = organization.client();
    let body = customer_users(&organization);
    let key = ("Idempotency-Key", "once");
    let sent = Sent::of(&patch(client, "customerusers", Format::Json, &[key], &body));
    assert_eq!(
        rows::number(&organization, "SELECT count(*) AS id FROM batch_body_piece WHERE organization_id = $1"),
        1
    );
    assert_eq!(tables_that_tell(&organization, PASSWORD), HashSet::new(), "while it waits");

    let chunks = "SELECT count(body) AS id FROM async_operation_chunk WHERE organization_id = $1";
    let splits = TestServer::with_jobs(&url, "[queue]\nworkers = 1", &[entry::<SplitOperation>()]);
    until(|| rows::number(&organization, chunks) == 1);
    drop(splits);
    assert_eq!(
        rows::number(&organization, "SELECT count(*) AS id FROM batch_body_piece WHERE organization_id = $1"),
        0
    );
    assert_eq!(tables_that_tell(&organization, PASSWORD), HashSet::new(), "split");

    let _worker = TestServer::start(&url, "[queue]\nworkers = 1");
    assert_eq!(summary(&sent.ended(client)), [2, 1, 1, 1, 0]);
    assert_eq!(tables_that_tell(&organization, PASSWORD), HashSet::new(), "written");
    assert!(client.get(&format!("{}/failed", sent.path)).expect(200).text.contains(PASSWORD), "it is there, sealed");
    let kept = organization.write(|conn| {
        let operation = Operation::load(conn, organization.id(), sent.id.parse().unwrap()).unwrap().unwrap();
        Ok(chunk::read(conn, &ServerKey::parse(KEY).unwrap(), &operation, 1).unwrap().unwrap())
    });
    let places: Vec<usize> = kept.data.iter().map(|item| item.index).collect();
    assert_eq!((places, kept.included.len()), (vec![1], 0), "nothing is kept of what is written");
}

/// What is named as the key of an upsert is shown in the results only where it is one.
#[test]
fn a_password_that_is_named_as_a_key_is_not_told() {
    let organization = Organization::new();
    let record =
        json!({"type": "customerusers", "meta": {"upsert": ["password"]}, "attributes": {"password": PASSWORD}});
    let sent = send(&organization.admin, "customerusers", Format::Json, &json!({ "data": [record] }).to_string());
    sent.ended(organization.client());
    for part in ["results", "errors"] {
        let shown = organization.client().get(&format!("{}/{part}", sent.path)).expect(200);
        assert!(!shown.text.contains(PASSWORD), "{}", shown.text);
    }
}

/// Two operations of one record each, on a server without workers.
fn two(organization: &Organization) -> [Sent; 2] {
    [(); 2].map(|()| {
        let body = json!({ "data": super::groups(1) }).to_string();
        send(&organization.admin, "customergroups", Format::Json, &body)
    })
}

#[track_caller]
fn both_fail(organization: &Organization, sent: &[Sent; 2]) {
    for sent in sent {
        let ended = sent.ended(organization.client());
        assert_eq!(ended["attributes"]["status"], "failed", "{ended}");
        let [(title, detail)] = &sent.errors(organization.client())[..] else { panic!("one error") };
        assert_eq!(title, "async operation exception");
        assert!(detail.contains("belongs to another operation"), "{detail}");
    }
    let sql = "SELECT count(*) AS id FROM customer_group WHERE organization_id = $1 AND name LIKE 'group-%'";
    assert_eq!(rows::number(organization, sql), 0, "nothing of it is written");
}

/// A body is sealed for its operation and its place in it: at another one's place it is refused.
#[test]
fn the_body_of_another_operation_is_refused() {
    let url = database::own();
    let organization = Organization::on(server(&url, ""));
    let sent = two(&organization);
    rows::execute(
        &organization,
        "UPDATE batch_body_piece AS piece SET content = other.content FROM batch_body_piece AS other
         WHERE piece.organization_id = $1 AND other.organization_id = $1 AND other.body_id <> piece.body_id",
    );
    let _worker = TestServer::start(&url, "[queue]\nworkers = 1");
    both_fail(&organization, &sent);
}

#[test]
fn the_records_of_another_operation_are_refused() {
    let url = database::own();
    let organization = Organization::on(server(&url, ""));
    let sent = two(&organization);
    let splits = TestServer::with_jobs(&url, "[queue]\nworkers = 1", &[entry::<SplitOperation>()]);
    let chunks = "SELECT count(body) AS id FROM async_operation_chunk WHERE organization_id = $1";
    until(|| rows::number(&organization, chunks) == 2);
    drop(splits);
    rows::execute(
        &organization,
        "UPDATE async_operation_chunk AS chunk SET body = other.body FROM async_operation_chunk AS other
         WHERE chunk.organization_id = $1 AND other.organization_id = $1 AND other.operation_id <> chunk.operation_id",
    );
    let _worker = TestServer::start(&url, "[queue]\nworkers = 1");
    both_fail(&organization, &sent);
}

/// A server with another key, as after a key was lost, can read nothing: the operation says so, and goes on when a server
/// with its key is there again.
#[test]
fn a_server_with_another_key_loses_nothing() {
    let url = database::own();
    let organization = Organization::on(server(&url, ""));
    let client = organization.client();
    let [waiting, split] = two(&organization);
    let mut bad = super::groups(2);
    bad[1]["attributes"]["name"] = json!("");
    let ended = send(&organization.admin, "customergroups", Format::Json, &json!({ "data": bad }).to_string());
    // The last one ends, one is split, and one is left as it came.
    rows::execute(&organization, &delay(&waiting, "'infinity'"));
    let all = TestServer::with_jobs(&url, "[queue]\nworkers = 1", &[entry::<SplitOperation>()]);
    let chunks = "SELECT count(body) AS id FROM async_operation_chunk WHERE organization_id = $1";
    until(|| rows::number(&organization, chunks) == 2);
    drop(all);
    rows::execute(&organization, &delay(&split, "'infinity'"));
    let worker = TestServer::start(&url, "[queue]\nworkers = 1");
    assert_eq!(summary(&ended.ended(client)), [2, 1, 1, 1, 0]);
    stop(worker);

    let [one, other] = [KEY, OTHER_KEY].map(|key| ServerKey::parse(key).unwrap());
    organization.write(|conn| keys::rotate(conn, &other).map(drop));
    let wrong = TestServer::with_key(&url, "[queue]\nworkers = 1", jobs::ALL, OTHER_KEY);
    organization.write(|conn| keys::rotate(conn, &one).map(drop));
    let answer = client.at(wrong.address).get(&format!("{}/failed", ended.path)).expect(503).error();
    assert!(answer["detail"].as_str().unwrap().contains(one.id()), "{answer}");
    for sent in [&waiting, &split] {
        rows::execute(&organization, &delay(sent, "NULL"));
        until(|| !sent.errors(client).is_empty());
        let [(title, detail)] = &sent.errors(client)[..] else { panic!("it is told once") };
        assert_eq!(title, "async operation exception");
        assert!(detail.contains(one.id()) && detail.contains(other.id()), "{detail}");
        assert_eq!(sent.now(client)["attributes"]["status"], "running");
    }
    let refused: Error = organization.write(|conn| {
        let operation = Operation::load(conn, organization.id(), ended.id.parse().unwrap()).unwrap().unwrap();
        Ok(failed::load(conn, &other, &operation, 1).unwrap_err())
    });
    assert_eq!(refused.code, &SEALED_UNDER_ANOTHER_KEY);
    stop(wrong);

    let _right = TestServer::start(&url, "[queue]\nworkers = 1");
    for sent in [&waiting, &split] {
        rows::execute(&organization, &delay(sent, "NULL"));
        let ended: Value = sent.ended(client);
        assert_eq!(ended["attributes"]["status"], "success");
        assert_eq!(summary(&ended), [1, 1, 1, 1, 0]);
    }
    assert_eq!(client.get(&format!("{}/failed", ended.path)).expect(200).json()["data"].as_array().unwrap().len(), 1);
}

/// Has the jobs of an operation wait until then (an SQL literal), but for the one that waits for the others.
fn delay(sent: &Sent, until: &str) -> String {
    format!(
        "UPDATE job SET delayed_until = {until} WHERE organization_id = $1 AND status IN ('new', 'failed_redelivered')
         AND name IN ('operation.split', 'operation.chunk') AND payload ->> 'operation' = '{}'",
        sent.id
    )
}

fn stop(server: TestServer) {
    server.begin_stop();
    server.wait().unwrap();
}

/// Waits until it holds.
#[track_caller]
pub fn until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "it did not come to that");
        std::thread::sleep(Duration::from_millis(20));
    }
}
