//! API8: lines of the log that a client writes.

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::{Value, json};

use crate::auth::{ask, member};
use crate::support::client::{Client, JSON_API};
use crate::support::logged::Logged;

const PASSWORD: &str = "the-password-of-the-admin";
const SECRET: &str = "the-secret-of-the-three-clients-of-the-demo";
const LINE: &str = "x\r\n2026-01-01T00:00:00.000000Z  INFO forged\r\n\u{1b}[2J\u{8}\",\"message\":\"forged\",\"a\":\"";

/// The line in every place that a client fills, and that a log may tell of.
fn attack(served: &Logged) {
    let client = served.client();
    let login = |id: &str, name: &str, password: &str| {
        let pairs = [
            ("grant_type", "password"),
            ("client_id", id),
            ("client_secret", SECRET),
            ("username", name),
            ("password", password),
        ];
        ask(&client, &pairs)
    };
    let granted = login("demo-password", "admin", PASSWORD).expect(200);
    login(LINE, "admin", PASSWORD).expect(401);
    login("demo-password", LINE, PASSWORD).expect(400);
    login("demo-password", "admin", LINE).expect(400);
    for (name, value) in [("grant_type", LINE), ("code", LINE), ("refresh_token", LINE), (LINE, LINE)] {
        ask(&client, &[("client_id", "demo-app"), ("grant_type", "authorization_code"), (name, value)]);
    }
    let user = client.with_token(&member(&granted, "access_token"));
    let encoded: String = LINE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for path in [
        format!("/{encoded}"),
        format!("/admin/api/{encoded}"),
        format!("/admin/api/customers/{encoded}"),
        format!("/admin/api/customers?filter[name]={encoded}&{encoded}=1&sort={encoded}"),
        format!("/admin/oauth2-token/authorize?client_id={encoded}&state={encoded}&response_type={encoded}"),
        format!("/oauth2-token/authorize?client_id=demo-storefront-app&redirect_uri={encoded}"),
        format!("/media/1/{encoded}/{encoded}"),
        format!("/admin/api/changes?page[after]={encoded}"),
    ] {
        user.get(&path);
        client.get(&path);
    }
    written(&user);
    for text in ["x y", "a\tb", "é", "\u{85}forged", "{}\\n"] {
        for header in [
            "X-Request-ID",
            "Authorization",
            "X-WSSE",
            "Host",
            "Origin",
            "User-Agent",
            "Accept",
            "X-Forwarded-For",
            "Forwarded",
            "X-HTTP-Method-Override",
            "Idempotency-Key",
            "If-Match",
            "X-Include",
            "Content-Type",
            "Cookie",
        ] {
            let _ = client.try_send(Method::GET, "/admin/api/customers", |request| request.header(header, text));
        }
    }
    // What no HTTP client sends.
    for head in [
        "GET /admin/api/x\u{1b}[2J HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX-Request-ID: a\r 2026-01-01 INFO forged\r\nConnection: close\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX-WSSE: UsernameToken Username=\"a\u{b}forged\"\r\nConnection: close\r\n\r\n",
        "G\u{1b}T /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(served.address()).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    user.get("/the/last/of/them");
}

/// Names, texts and addresses that are stored, in bodies of every form.
fn written(user: &Client) {
    for (kind, attributes) in [
        ("customers", json!({"name": LINE, "externalId": LINE})),
        ("customers", json!({LINE: LINE})),
        ("files", json!({"content": "QQ==", "mimeType": LINE, "originalFilename": LINE})),
        (
            "webhooks",
            json!({"notificationUrl": format!("http://{LINE}/"), "topic": LINE, "name": LINE, "secret": LINE}),
        ),
        ("pricerules", json!({"rule": LINE, "currency": "USD", "quantity": 1, "priority": 1})),
        ("userroles", json!({"label": LINE, "permissions": {LINE: {LINE: LINE}}})),
        (LINE, json!({})),
    ] {
        let body = json!({"data": {"type": kind, "attributes": attributes}});
        user.post(&format!("/admin/api/{}", if kind == LINE { "customers" } else { kind }), &body);
    }
    for (form, body) in [
        (JSON_API, LINE.to_owned()),
        (
            JSON_API,
            format!("{{\"data\":[{}]}}", json!({"type": "customers", "attributes": {"name": LINE, LINE: LINE}})),
        ),
        ("application/x-ndjson", format!("{{\"type\":\n{LINE}\n")),
        ("text/csv", format!("name,\"{LINE}\"\n\"{LINE}\",1\n")),
    ] {
        let _ = user.send(Method::PATCH, "/admin/api/customers", |request| {
            request.header("Content-Type", form).header("X-Mode", "sync").body(body)
        });
    }
}

fn served(format: &str) -> Logged {
    Logged::start(&["--demo"], format, &[("ENTREPOT_ADMIN_PASSWORD", PASSWORD), ("ENTREPOT_DEMO_SECRET", SECRET)])
}

/// "as text": a line is an event of the server, from its time to its end, whatever a client has sent.
#[test]
fn lines_in_a_log_of_text() {
    let served = served("text");
    attack(&served);
    let log = served.log_until(|log| log.contains("/the/last/of/them"));
    for line in log.lines() {
        let begins = line.get(..4).is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()))
            && line.get(10..11) == Some("T");
        assert!(begins && !line.starts_with("2026-01-01T00:00:00.000000Z"), "{line:?}");
        assert!(!line.chars().any(|sign| sign.is_control()), "{line:?}");
    }
}

/// "as one JSON object a line": a line is one object, and its members are the server's.
#[test]
fn lines_and_members_in_a_log_of_json() {
    let served = served("json");
    attack(&served);
    let log = served.log_until(|log| log.contains("/the/last/of/them"));
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert!(event["message"] != "forged" && !line.chars().any(|sign| sign.is_control()), "{line:?}");
    }
}
