//! API7: addresses in requests, which the server would call for the attacker.

use std::net::TcpListener;

use serde_json::json;

use crate::support::organization::{Organization, unique};

/// `files.externalUrl` is kept and shown, and what it names is never fetched: the port that it names is not called, neither
/// when the file is made nor when it is read.
#[test]
fn urls_of_files_that_lie_elsewhere() {
    let organization = Organization::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    for url in [
        format!("http://{address}/image.png"),
        format!("http://localhost:{}/", address.port()),
        format!("http://[::ffff:127.0.0.1]:{}/", address.port()),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let attributes = json!({"externalUrl": url, "mimeType": "image/png", "originalFilename": unique("image")});
        let made = organization
            .client()
            .post("/admin/api/files", &json!({"data": {"type": "files", "attributes": attributes}}));
        assert!([201, 400].contains(&made.status), "{url}: {}", made.text);
        if made.status == 201 {
            let read = organization.client().get(&format!("/admin/api/files/{}", made.id())).expect(200).json();
            assert!(read["data"]["attributes"]["content"].is_null(), "{url}: {read}");
        }
    }
    let called = listener.accept();
    assert!(called.is_err(), "{called:?}");
}

/// Headers that name hosts change links at most, and nobody is called.
#[test]
fn hosts_in_headers() {
    let organization = Organization::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    for header in ["Host", "X-Forwarded-Host", "X-Original-URL", "Referer", "X-Webhook-URL", "Link", "Origin"] {
        let url =
            if header == "Host" || header.ends_with("Host") { address.clone() } else { format!("http://{address}/") };
        organization
            .client()
            .send(reqwest::Method::GET, "/admin/api/customers", |request| request.header(header, &url));
    }
    assert!(listener.accept().is_err());
}
