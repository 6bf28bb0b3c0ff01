//! Receivers that do harm by what they answer.

use std::time::Duration;

use serde_json::json;

use super::receiver::{OK, Receiver, Reply};
use super::world::{customer, deliveries, eventually, rename, shop, subscribe};

const NO_HTTP: &str = "The connection ended before a whole answer in HTTP came.";
const TOO_SLOW: &str = "No answer within 2 s.";

/// What an attack comes to: a status, or an error after which it is tried again.
enum End {
    Status(u16, &'static str),
    Error(&'static str),
}

/// Each has its own end, in its own time, and none of them holds up an honest receiver.
#[test]
fn harmful_answers_end_and_hold_up_nobody() {
    let shop = shop();
    let huge: &'static [u8] = format!("HTTP/1.1 200 OK\r\nX-Huge: {}\r\n\r\n", "x".repeat(4 << 20)).leak().as_bytes();
    let attacks = [
        (
            "a byte now and then",
            Reply::Drip(b"HTTP/1.1 200 OK\r\n\r\n", Duration::from_millis(300)),
            End::Error(TOO_SLOW),
        ),
        ("1xx without end", Reply::Flood(b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n"), End::Error(TOO_SLOW)),
        ("a header without end", Reply::Flood(b"HTTP/1.1 200 OK"), End::Error(NO_HTTP)),
        ("megabytes of header", Reply::Raw(huge), End::Error(NO_HTTP)),
        ("no HTTP/1", Reply::Raw(b"thanks\r\n"), End::Error(NO_HTTP)),
        ("no status", Reply::Raw(b"HTTP/1.1 99999 X\r\n\r\n"), End::Error(NO_HTTP)),
        ("nothing", Reply::Close, End::Error(NO_HTTP)),
        (
            "chunks that are none",
            Reply::Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\ngarbage"),
            End::Status(200, "delivered"),
        ),
        (
            "less than promised",
            Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
            End::Status(200, "delivered"),
        ),
        ("a body that drips", Reply::Endless(202, Duration::from_millis(500)), End::Status(202, "delivered")),
        ("a redirect to itself", Reply::Status(302, "Location: /hook\r\n", ""), End::Status(302, "dropped")),
        (
            "a wish for another protocol",
            Reply::Raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            End::Status(101, "dropped"),
        ),
        (
            "a wait of ages",
            Reply::Status(503, "Retry-After: 99999999999999999999\r\n", ""),
            End::Status(503, "pending"),
        ),
    ];
    let id = customer(&shop);
    let under_attack: Vec<_> = attacks
        .into_iter()
        .map(|(name, reply, end)| {
            let receiver = Receiver::new(move |_, _| reply.clone());
            let webhook = subscribe(shop.client(), &receiver, "customer.updated");
            (name, receiver, webhook, end)
        })
        .collect();
    let honest = Receiver::new(|_, _| OK);
    subscribe(shop.client(), &honest, "customer.updated");
    rename(&shop, &id, "told");
    honest.wait(1);
    for (name, receiver, webhook, end) in under_attack {
        let told = eventually(name, || {
            let one = deliveries(shop.client(), &webhook)[0]["attributes"].clone();
            (one["error"].is_string() || one["responseStatus"].is_number()).then_some(one)
        });
        match end {
            End::Error(error) => {
                assert_eq!((&told["error"], &told["status"]), (&json!(error), &json!("pending")), "{name}")
            }
            End::Status(status, becomes) => {
                assert_eq!((&told["responseStatus"], &told["status"]), (&json!(status), &json!(becomes)), "{name}");
            }
        }
        if matches!(end, End::Status(..)) {
            assert_eq!(receiver.received().len(), 1, "{name}");
        }
    }
}
