//! `GET /asyncoperations/{id}/errors`.

use entrepot::engine::split::Format;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::batch::{Sent, send, summary};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::server::TestServer;

/// An operation of which every record fails.
fn broken(organization: &Organization, records: usize) -> Sent {
    let data: Vec<Value> =
        (0..records).map(|_| json!({"type": "customergroups", "attributes": {"name": ""}})).collect();
    let body = json!({ "data": data }).to_string();
    let sent = send(&organization.admin, "customergroups", Format::Json, &body);
    sent.ended(organization.client());
    sent
}

/// "`GET /asyncoperations/{id}/errors`: paged list of `asyncoperationerrors` with id `{operationId}-{chunk}-{n}`, attributes
/// `status` (int), `title`, `detail`, `source` (`pointer` like `/data/0/attributes/name`)".
#[test]
fn errors_point_into_the_body() {
    let organization = Organization::new();
    let sent = broken(&organization, 2);
    let list = organization.client().get(&format!("{}/errors", sent.path)).expect(200).json();
    let expected = |n: u32| {
        let pointer = format!("/data/{}/attributes/name", n - 1);
        json!({"type": "asyncoperationerrors", "id": format!("{}-1-{n}", sent.id), "attributes": {
            "status": 400, "title": "not blank constraint", "detail": "This value should not be blank.",
            "source": {"pointer": pointer},
        }})
    };
    let shown: Vec<Value> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            let mut error = error.clone();
            error.as_object_mut().unwrap().retain(|name, _| name != "links");
            error
        })
        .collect();
    assert_eq!(shown, [expected(1), expected(2)]);
}

/// "supports page and `totalCount`, no fields/include/sort".
#[test]
fn errors_come_in_pages() {
    let organization = Organization::new();
    let sent = broken(&organization, 25);
    let client = organization.client();
    let path = format!("{}/errors", sent.path);
    let answer =
        client.send(Method::GET, &format!("{path}?page[size]=10"), |request| request.header("X-Include", "totalCount"));
    assert_eq!(answer.clone().expect(200).header("X-Include-Total-Count"), "25");
    let mut ids = Vec::new();
    let mut next = Some(format!("{path}?page[size]=10"));
    while let Some(path) = next {
        let page = client.get(&path).expect(200).json();
        ids.extend(page["data"].as_array().unwrap().iter().map(|error| error["id"].as_str().unwrap().to_owned()));
        next = page["links"]["next"].as_str().map(|link| link[link.find("/admin").unwrap()..].to_owned());
    }
    let expected: Vec<String> = (1..=25).map(|n| format!("{}-1-{n}", sent.id)).collect();
    assert_eq!(ids, expected, "in their order, none twice");
    let all = client.get(&format!("{path}?page[size]=-1")).expect(200).json();
    assert_eq!(all["data"].as_array().unwrap().len(), 25);
    for parameter in ["sort=id", "include=operation", "fields[asyncoperationerrors]=title", "meta=title"] {
        client.get(&format!("{path}?{parameter}")).expect(400);
    }
}

/// "Unknown operation 404 `The asynchronous operation does not exist.`; foreign 403 `No access to the asynchronous
/// operation.`"
#[test]
fn operations_of_others_show_nothing() {
    let organization = Organization::new();
    let sent = broken(&organization, 1);
    let own = json!({"asyncoperations": {"VIEW": "user", "CREATE": "user"}});
    let other = organization.user_who_may(&own).client;
    let none = organization.user_who_may(&json!({})).client;
    let stranger = Organization::new();
    for part in ["errors", "results", "failed"] {
        let told = |answer: crate::support::client::Answer| answer.error()["detail"].clone();
        let path = format!("{}/{part}", sent.path);
        for client in [&other, &none] {
            assert_eq!(told(client.get(&path).expect(403)), "No access to the asynchronous operation.");
        }
        let missing = format!("/admin/api/asyncoperations/999999999/{part}");
        for answer in [organization.client().get(&missing), stranger.client().get(&path)] {
            assert_eq!(told(answer.expect(404)), "The asynchronous operation does not exist.");
        }
    }
    let refused = other.get(&sent.path).expect(403).error();
    assert_eq!(refused["detail"], "No access to the entity.");
    other.patch(&sent.path, &super::cancel::body(&sent)).expect(403);
}

/// "Typical item errors: unsupported type `entity type constraint` `The entity type "x" is not supported by this batch
/// operation.`"
#[test]
fn a_record_of_another_type_is_an_error_of_that_record() {
    let organization = Organization::new();
    let body = json!({"data": [
        {"type": "customers", "attributes": {"name": "x"}},
        {"type": "customergroups", "attributes": {"name": unique("group")}},
        7,
    ]});
    let sent = send(&organization.admin, "customergroups", Format::Json, &body.to_string());
    sent.ended(organization.client());
    let list = organization.client().get(&format!("{}/errors", sent.path)).expect(200).json();
    let of = |place: usize| {
        let error = &list["data"][place]["attributes"];
        (error["title"].as_str().unwrap().to_owned(), error["source"]["pointer"].as_str().unwrap().to_owned())
    };
    assert_eq!(of(0), ("entity type constraint".to_owned(), "/data/0/type".to_owned()));
    assert_eq!(of(1), ("request data constraint".to_owned(), "/data/2".to_owned()));
    let detail = "The entity type \"customers\" is not supported by this batch operation.";
    assert_eq!(list["data"][0]["attributes"]["detail"], detail);
}

/// "Of each operation the first 100,000 errors are kept (`batch.kept_errors`); all are counted, and the results tell of every
/// record." (docs/bulk.md)
#[test]
fn only_so_many_errors_are_kept_and_all_are_counted() {
    let settings = "[queue]\nworkers = 1\n[batch]\nkept_errors = 7\nchunk_size = 5";
    let organization = Organization::on(TestServer::lasting(&database::own(), settings));
    let client = organization.client();
    let sent = broken(&organization, 12);
    assert_eq!(summary(&sent.now(client)), [12, 0, 12, 0, 0]);
    assert_eq!(sent.errors(client).len(), 7);
    let failed = client.get(&format!("{}/results?filter[outcome]=failed&page[size]=100", sent.path)).expect(200).json();
    assert_eq!(failed["data"].as_array().unwrap().len(), 12);
    let list = client.get(&format!("{}/failed", sent.path)).expect(200).json();
    let reasons =
        list["data"].as_array().unwrap().iter().filter(|record| record["meta"]["errors"] != json!([])).count();
    assert_eq!((list["data"].as_array().unwrap().len(), reasons), (12, 7));
}

/// "Chunks: 100 primary items …, per-entity overrides": where a record makes prices, fewer are written together than elsewhere.
#[test]
fn a_resource_has_chunks_of_its_own_size() {
    let organization = Organization::new();
    for (kind, chunks) in [("customergroups", ["1", "1", "1"]), ("pricelists", ["1", "2", "3"])] {
        let record = json!({"type": kind, "attributes": {"name": ""}});
        let body = json!({ "data": vec![record; 201] }).to_string();
        let sent = send(&organization.admin, kind, Format::Json, &body);
        sent.ended(organization.client());
        let path = format!("{}/results?page[size]=1000", sent.path);
        assert_eq!(organization.client().get(&path).expect(200).json()["data"].as_array().unwrap().len(), 201);
        let list = organization.client().get(&format!("{}/errors?page[size]=-1", sent.path)).expect(200).json();
        let chunk_of = |place: usize| {
            let pointer = format!("/data/{place}/attributes/name");
            let of_place = |error: &&Value| error["attributes"]["source"]["pointer"] == pointer.as_str();
            let error = list["data"].as_array().unwrap().iter().find(of_place).unwrap();
            error["id"].as_str().unwrap().split('-').nth(1).unwrap().to_owned()
        };
        assert_eq!([0, 100, 200].map(chunk_of), chunks, "{kind}");
    }
}
