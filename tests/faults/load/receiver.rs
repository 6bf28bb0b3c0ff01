//! A receiver of webhooks: now and then it fails or hangs up, and then it has not received anything.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::thread::Scope;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::{Value, json};

use super::End;
use crate::client::Client;
use crate::history::Delivery;
use crate::site::Site;
use crate::stored;

/// For the last delivery to be made, when nothing is killed any more.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where webhooks go.
pub struct Receiver {
    listener: TcpListener,
    choices: Mutex<StdRng>,
    received: Mutex<Vec<Delivery>>,
}

impl Receiver {
    /// A receiver of everything that happens to orders.
    pub fn subscribed(client: &Client, choices: StdRng) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/orders", listener.local_addr().unwrap());
        for action in ["created", "updated", "deleted"] {
            let body = json!({"data": {
                "type": "webhooks",
                "attributes": {"notificationUrl": url},
                "relationships": {
                    "topic": {"data": {"type": "webhooktopics", "id": format!("order.{action}")}},
                    "format": {"data": {"type": "webhookformats", "id": "default"}},
                },
            }});
            let answer = client.send(&Method::POST, "/admin/api/webhooks", None, &body).unwrap();
            assert_eq!(answer.status, 201, "{}", answer.text);
        }
        Receiver { listener, choices: Mutex::new(choices), received: Mutex::default() }
    }

    /// Receives until the end is there.
    pub fn receive<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, end: &'scope End) {
        while !end.is_there.load(Ordering::Relaxed) {
            match self.listener.accept() {
                Ok((stream, _)) => drop(scope.spawn(move || self.serve(&stream))),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// What was received, when no delivery is pending any more, or one is for too long.
    pub fn wait(&self, site: &Site) -> Vec<Delivery> {
        let start = Instant::now();
        while stored::pending(&site.database()) > 0 && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        self.received.lock().unwrap().clone()
    }

    fn serve(&self, stream: &TcpStream) {
        let chosen = self.choices.lock().unwrap().random_range(0..20);
        let Some(delivery) = request(stream) else { return };
        let status = match chosen {
            0 => return,
            1 | 2 => "503 Service Unavailable",
            _ => {
                self.received.lock().unwrap().push(delivery);
                "200 OK"
            }
        };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let mut stream = stream;
        // The sender may have been killed meanwhile.
        let _ = stream.write_all(answer.as_bytes());
    }
}

/// What a request tells; `None` for one that broke off.
fn request(stream: &TcpStream) -> Option<Delivery> {
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let (mut reader, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let told: Value = serde_json::from_slice(&body).ok()?;
    let (record, text) = (&told["eventData"]["data"], |value: &Value| value.as_str().map(str::to_owned));
    Some(Delivery {
        message: text(&told["messageId"])?,
        record: text(&record["id"])?,
        action: text(&told["topic"])?.strip_prefix("order.")?.to_owned(),
        number: text(&record["attributes"]["poNumber"]),
    })
}
