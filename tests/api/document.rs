//! The API documents over HTTP: they are what the server does, and their examples are requests that it takes.

mod examples;

use std::collections::BTreeSet;

use reqwest::Method;

use crate::support::organization::Organization;

#[test]
fn it_is_sent_with_a_tag_and_not_sent_again() {
    let organization = Organization::new();
    let client = organization.server.client();
    for root in ["/admin/api", "/api"] {
        let path = format!("{root}/openapi.json");
        let first = client.get(&path).expect(200);
        assert_eq!(first.json()["openapi"], "3.1.0");
        assert_eq!(first.header("Content-Type"), "application/json");
        let tag = first.header("ETag").to_owned();
        let again = client.send(Method::GET, &path, |request| request.header("If-None-Match", tag.as_str()));
        assert_eq!((again.status, again.text.as_str()), (304, ""));
        let zipped = client.send(Method::GET, &path, |request| request.header("Accept-Encoding", "gzip")).expect(200);
        assert_eq!(zipped.header("Content-Encoding"), "gzip");
        client.get(&format!("{root}/doc")).expect(200);
        client.get(&format!("{root}/doc/swagger-ui.css")).expect(200);
        client.get(&format!("{root}/doc/no-such-file")).expect(404);
    }
}

/// OPTIONS on every path: `Allow` has the methods that the document describes, and no others.
#[test]
fn it_describes_the_methods_that_are_there() {
    let organization = Organization::new();
    let client = organization.server.client();
    let mut differences = Vec::new();
    for root in ["/admin/api", "/api"] {
        let document = client.get(&format!("{root}/openapi.json")).expect(200).json();
        for (path, item) in document["paths"].as_object().unwrap() {
            if !path.starts_with(root) || path.ends_with("/openapi.json") {
                continue;
            }
            let described: BTreeSet<String> =
                item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
            let path = path.replace("{id}", "1");
            let answer = client.send(Method::OPTIONS, &path, |request| request);
            let there: BTreeSet<String> =
                answer.header("Allow").split(", ").filter(|method| *method != "OPTIONS").map(str::to_owned).collect();
            if described != there {
                differences.push(format!("{path}: described {described:?}, there {there:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
