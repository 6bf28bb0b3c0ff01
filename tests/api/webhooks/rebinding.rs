//! Names that lead inside: at once, later, in part; and what their owners are told of it.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use entrepot::webhooks::destination::Lookup;
use serde_json::{Value, json};

use super::receiver::{OK, Receiver, Reply};
use super::sending::{PUBLIC, SETTINGS, Sending, Still, addresses, names};
use super::world::{body, customer, deliveries, eventually, settled};

/// A receiver on the internet, and a trap on the same port of this machine's own address: whoever connects to it is counted.
struct Net {
    receiver: Receiver,
    port: u16,
    trapped: Arc<AtomicUsize>,
}

impl Net {
    fn new(script: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Net {
        let (outside, inside) = loop {
            let outside = TcpListener::bind((PUBLIC, 0)).unwrap();
            if let Ok(inside) = TcpListener::bind(("127.0.0.1", outside.local_addr().unwrap().port())) {
                break (outside, inside);
            }
        };
        let port = outside.local_addr().unwrap().port();
        let trapped = Arc::new(AtomicUsize::new(0));
        let count = trapped.clone();
        std::thread::spawn(move || {
            for _ in inside.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Net { receiver: Receiver::on(outside, move |_, before| script(before)), port, trapped }
    }

    fn hook(&self, still: &Still, host: &str) -> String {
        let url = format!("http://{host}:{}/hook", self.port);
        let body = body(&url, "customer.created", &json!({}));
        still.shop.client().post("/admin/api/webhooks", &body).expect(201).id()
    }
}

/// The delivery after that many attempts.
fn attempted(still: &Still, webhook: &str, attempts: usize) -> Value {
    eventually("the attempt", || {
        let one = deliveries(still.shop.client(), webhook).pop()?["attributes"].clone();
        (one["attempts"] == json!(attempts) && one["error"].is_string()).then_some(one)
    })
}

/// "resolved once, checked, pinned": whatever the name says at a later attempt is checked again. And a name inside reads
/// like one that does not exist: else the owner could ask the inner network's resolver, name by name.
#[test]
fn a_name_that_leads_inside_later_is_not_followed_and_reads_like_none() {
    let inside: [Result<&[&str], ErrorKind>; 9] = [
        Ok(&["127.0.0.1"]),
        Ok(&["169.254.169.254"]),
        Ok(&["::ffff:10.0.0.1"]),
        Ok(&["fd00::1"]),
        Ok(&["::1"]),
        Ok(&[PUBLIC, "127.0.0.1"]),
        Ok(&["127.0.0.1", PUBLIC]),
        Ok(&[]),
        Err(ErrorKind::NotFound),
    ];
    let still = Still::new();
    // What is said once is said over a connection that ends: the next attempt asks for the name again.
    let net = Net::new(|before| if before == 0 { Reply::Status(503, "Connection: close\r\n", "") } else { OK });
    let lookup = names(move |_, before| match before {
        0 => Ok(addresses(&[PUBLIC])),
        later => match inside.get(later - 1) {
            Some(Ok(texts)) => Ok(addresses(texts)),
            Some(Err(kind)) => Err(Error::new(*kind, "no such name")),
            None => Ok(addresses(&[PUBLIC])),
        },
    });
    let webhook = net.hook(&still, "hooks.example.com");
    customer(&still.shop);
    let _sending = Sending::with(&still.url, SETTINGS, lookup);
    net.receiver.wait(1);
    let mut told: Vec<Value> = Vec::new();
    for turn in 0..inside.len() {
        eventually("the outcome", || {
            still.hurry();
            (deliveries(still.shop.client(), &webhook)[0]["attributes"]["attempts"].as_u64() >= Some(turn as u64 + 2))
                .then_some(())
        });
        let mut one = attempted(&still, &webhook, turn + 2);
        for varying in ["attempts", "lastAttemptAt", "nextAttemptAt", "updatedAt"] {
            one.as_object_mut().unwrap().remove(varying);
        }
        told.push(one);
    }
    assert_eq!(told[0]["error"], "The host \"hooks.example.com\" leads to no address that webhooks may be sent to.");
    assert!(told[0]["latency"].is_null() && told[0]["responseStatus"].is_null(), "{}", told[0]);
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    eventually("the delivery", || {
        still.hurry();
        (net.receiver.received().len() == 2).then_some(())
    });
    settled(still.shop.client(), &webhook, &["delivered"]);
    assert_eq!(net.trapped.load(Ordering::SeqCst), 0);
}

/// "Redirects are not followed": where they lead is not even looked up.
#[test]
fn a_redirect_inside_is_not_looked_at() {
    let still = Still::new();
    let net = Net::new(|before| match before % 2 {
        0 => Reply::Status(307, "Location: http://inside.example.com/\r\n", ""),
        _ => Reply::Status(302, "Location: http://127.0.0.1/\r\n", ""),
    });
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let lookup: Lookup = names(move |name, _| {
        log.lock().unwrap().push(name.to_owned());
        Ok(addresses(&[if name == "hooks.example.com" { PUBLIC } else { "127.0.0.1" }]))
    });
    let webhook = net.hook(&still, "hooks.example.com");
    customer(&still.shop);
    customer(&still.shop);
    let _sending = Sending::with(&still.url, SETTINGS, lookup);
    settled(still.shop.client(), &webhook, &["dropped"]);
    assert!(asked.lock().unwrap().iter().all(|name| name == "hooks.example.com"));
    assert_eq!(net.trapped.load(Ordering::SeqCst), 0);
}

/// A connection that fails is told without the address behind the name.
#[test]
fn the_owner_reads_of_no_address_that_they_did_not_give() {
    let still = Still::new();
    let closed = TcpListener::bind((PUBLIC, 0)).unwrap().local_addr().unwrap().port();
    let url = format!("http://hooks.example.com:{closed}/");
    let hook = body(&url, "customer.created", &json!({}));
    let webhook = still.shop.client().post("/admin/api/webhooks", &hook).expect(201).id();
    customer(&still.shop);
    let public: IpAddr = PUBLIC.parse().unwrap();
    let _sending = Sending::with(&still.url, SETTINGS, names(move |_, _| Ok(vec![public])));
    let told = attempted(&still, &webhook, 1);
    assert_eq!(told["error"], "No connection could be made.");
    assert!(!told.to_string().contains("127.0.0"), "{told}");
}
