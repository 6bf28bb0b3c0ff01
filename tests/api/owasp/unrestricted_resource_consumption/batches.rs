//! API4, in batches: bodies that are stored before they are read, and that come packed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::survived;
use crate::support::batch::Sent;
use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::{Organization, unique};

const GROUPS: &str = "/admin/api/customergroups";
const FORMS: [&str; 3] = [JSON_API, "application/x-ndjson", "text/csv"];

fn packed(parts: &[&[u8]]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    parts.iter().for_each(|part| encoder.write_all(part).unwrap());
    encoder.finish().unwrap()
}

fn send(client: &Client, form: &str, mode: &str, encoding: Option<&str>, body: Vec<u8>) -> Answer {
    client.send(Method::PATCH, GROUPS, |request| {
        let request = request.header("Content-Type", form).header("X-Mode", mode);
        match encoding {
            Some(encoding) => request.header("Content-Encoding", encoding).body(body),
            None => request.body(body),
        }
    })
}

/// What became of a body: refused at once, or accepted and failed as a whole, and nothing was written by it.
#[track_caller]
fn came_to_nothing(client: &Client, answer: &Answer, of: &str) {
    survived(answer, of);
    if answer.status == 202 {
        let id = answer.id();
        let sent = Sent { path: format!("/admin/api/asyncoperations/{id}"), id };
        let ended = sent.ended(client);
        let summary = &ended["attributes"]["summary"];
        assert_eq!(
            (&summary["writeCount"], summary["errorCount"].as_i64() > Some(0)),
            (&json!(0), true),
            "{of}: {ended}"
        );
        client.get(&format!("{}/errors", sent.path)).expect(200);
        return;
    }
    assert!([400, 413].contains(&answer.status), "{of}: {} {}", answer.status, answer.text);
}

/// "gzip accepted, bombs refused": one stream, many streams in a row, and a bomb in a bomb, which stays packed.
#[test]
fn gzip_bombs_in_batches() {
    let organization = Organization::new();
    let client = organization.client();
    let spaces = vec![b' '; 1 << 20];
    let one = packed(&vec![spaces.as_slice(); 256]);
    let member = packed(&[&spaces]);
    let many: Vec<u8> = member.iter().copied().cycle().take(member.len() * 256).collect();
    let zeros = packed(&vec![[0_u8; 1 << 16].as_slice(); 1024]);
    for (name, bomb) in [("one", &one), ("many", &many), ("zeros", &zeros)] {
        assert!(bomb.len() < 600_000, "{name}: {}", bomb.len());
        for form in FORMS {
            for mode in ["async", "sync"] {
                let answer = send(client, form, mode, Some("gzip"), bomb.clone());
                assert_eq!(answer.status, 413, "{name} as {form}, {mode}: {}", answer.text);
                assert_eq!(answer.error()["code"], "body-too-large");
            }
        }
    }
    let nested = packed(&[&packed(&[&one])]);
    for mode in ["async", "sync"] {
        let answer = send(client, JSON_API, mode, Some("gzip"), nested.clone());
        came_to_nothing(client, &answer, "a bomb in a bomb");
    }
    for encoding in ["gzip, gzip", "deflate", "br", "zstd", "gzip\t, gzip"] {
        assert_eq!(send(client, JSON_API, "sync", Some(encoding), one.clone()).status, 415, "{encoding}");
    }
}

/// A body that nobody unpacks is no bomb: not where one record is written, nor several operations, nor a token.
#[test]
fn gzip_bombs_where_nothing_is_unpacked() {
    let organization = Organization::new();
    let bomb = packed(&vec![vec![b' '; 1 << 20].as_slice(); 64]);
    let routes = [
        (Method::POST, "/admin/api/operations", "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\""),
        (Method::PATCH, "/admin/api/customers/1/relationships/users", JSON_API),
        (Method::DELETE, "/admin/api/customers/1/relationships/users", JSON_API),
        (Method::POST, "/oauth2-token", "application/json"),
        (Method::POST, "/oauth2-token", "application/x-www-form-urlencoded"),
        (Method::POST, "/oauth2-token/introspect", "application/x-www-form-urlencoded"),
    ];
    for (method, path, form) in routes {
        let began = std::time::Instant::now();
        let answer = organization.client().send(method, path, |request| {
            request.header("Content-Type", form).header("Content-Encoding", "gzip").body(bomb.clone())
        });
        survived(&answer, path);
        assert!(answer.status >= 400, "{path}: {}", answer.text);
        assert!(began.elapsed().as_secs() < 10, "{path}");
    }
}

/// "Body depth limits": in a record of a document, in `included`, on a line, in a cell; packed too.
#[test]
fn depth_bombs_in_batches() {
    let organization = Organization::new();
    let client = organization.client();
    for depth in [100, 10_000, 1_000_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let record = format!("{{\"type\":\"customergroups\",\"attributes\":{{\"name\":{deep}}}}}");
            let bodies = [
                (JSON_API, format!("{{\"data\":[{record}]}}")),
                (JSON_API, format!("{{\"data\":{deep}}}")),
                (JSON_API, format!("{{\"jsonapi\":{deep},\"data\":[]}}")),
                (JSON_API, format!("{{\"data\":[],\"included\":[{record}]}}")),
                (JSON_API, format!("{{\"data\":[{}", open.repeat(depth))),
                ("application/x-ndjson", record.clone()),
                ("application/x-ndjson", deep.clone()),
                ("text/csv", format!("name,meta.upsert\n\"{}\",{}\n", "x".repeat(300), "[".repeat(depth))),
            ];
            for (form, body) in bodies {
                let of = format!("{depth} levels of {open} in {form} {:.40}", body);
                for mode in ["sync", "async"] {
                    came_to_nothing(client, &send(client, form, mode, None, body.clone().into_bytes()), &of);
                }
            }
        }
    }
    let deep = format!("{{\"data\":[{}", "[".repeat(20_000));
    came_to_nothing(client, &send(client, JSON_API, "sync", Some("gzip"), packed(&[deep.as_bytes()])), "packed");
}

/// Bodies that are wide instead of deep: columns, cells, members, one endless line.
#[test]
fn width_bombs_in_batches() {
    let organization = Organization::new();
    let client = organization.client();
    let members: Vec<String> = (0..200_000).map(|index| format!("\"m{index}\":1")).collect();
    let columns: Vec<String> = (0..200_000).map(|index| format!("c{index}")).collect();
    let wide = format!("{{\"type\":\"customergroups\",\"attributes\":{{{}}}}}", members.join(","));
    let name = unique("group");
    let bodies = [
        (JSON_API, format!("{{\"data\":[{wide}]}}")),
        ("application/x-ndjson", wide),
        (
            "application/x-ndjson",
            format!("{{\"type\":\"customergroups\",\"attributes\":{{\"name\":\"{}\"}}}}", "x".repeat(20_000_000)),
        ),
        ("text/csv", format!("{}\n", columns.join(","))),
        ("text/csv", format!("name\n{name}{}\n", ",x".repeat(1_000_000))),
        ("text/csv", format!("name\n\"{}\n", "x".repeat(20_000_000))),
    ];
    for (index, (form, body)) in bodies.into_iter().enumerate() {
        for mode in ["sync", "async"] {
            let answer = send(client, form, mode, None, body.clone().into_bytes());
            came_to_nothing(client, &answer, &format!("body {index} as {form}, {mode}"));
        }
    }
    let found = client.get(&format!("{GROUPS}?filter[name]={name}")).expect(200).json();
    assert_eq!(found["data"], Value::Array(Vec::new()));
}
