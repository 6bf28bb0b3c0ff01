//! A receiver of webhooks: a real HTTP server whose answers the test decides.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
    pub at: Instant,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    pub fn message_id(&self) -> String {
        self.json()["messageId"].as_str().unwrap().to_owned()
    }

    /// The id of the record it tells of.
    pub fn record(&self) -> String {
        self.json()["eventData"]["data"]["id"].as_str().unwrap().to_owned()
    }
}

/// What a receiver does.
#[derive(Clone)]
pub enum Reply {
    /// Status, further headers, body.
    Status(u16, &'static str, &'static str),
    /// No answer, for that long.
    Hang(Duration),
    /// The connection is closed.
    Close,
    /// The head, and then a body without end, piece by piece with that pause.
    Endless(u16, Duration),
    /// These bytes, and the connection is closed.
    Raw(&'static [u8]),
    /// These bytes one by one with that pause, and again, as long as someone reads.
    Drip(&'static [u8], Duration),
    /// These bytes again and again, as long as someone reads.
    Flood(&'static [u8]),
}

pub const OK: Reply = Reply::Status(200, "", "thanks");

type Script = dyn Fn(&Received, usize) -> Reply + Send + Sync;

pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// `script`: the answer to a request, and how many came before it.
    pub fn new(script: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Receiver {
        Receiver::on(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }

    pub fn on(listener: TcpListener, script: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Receiver {
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let (log, script): (_, Arc<Script>) = (received.clone(), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, script) = (log.clone(), script.clone());
                std::thread::spawn(move || serve(stream, &log, &*script));
            }
        });
        Receiver { url, received }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits for that many requests.
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Received> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{} of {count} requests came", self.received().len());
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Received>>, script: &Script) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let method = line.split(' ').next()?.to_owned();
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body).ok()?;
        let received = Received { method, headers, body: String::from_utf8(body).unwrap(), at: Instant::now() };
        let before = {
            let mut log = log.lock().unwrap();
            log.push(received.clone());
            log.len() - 1
        };
        match script(&received, before) {
            Reply::Status(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
            }
            Reply::Hang(time) => {
                std::thread::sleep(time);
                return None;
            }
            Reply::Close => return None,
            Reply::Raw(bytes) => return stream.write_all(bytes).ok().filter(|()| false),
            Reply::Drip(bytes, pause) => {
                for byte in bytes.iter().cycle() {
                    stream.write_all(&[*byte]).ok()?;
                    std::thread::sleep(pause);
                }
            }
            Reply::Flood(bytes) => {
                while stream.write_all(bytes).is_ok() {}
                return None;
            }
            Reply::Endless(status, pause) => {
                stream.write_all(format!("HTTP/1.1 {status} X\r\n\r\n").as_bytes()).ok()?;
                for _ in 0..100_000 {
                    stream.write_all(&[b'x'; 512]).ok()?;
                    std::thread::sleep(pause);
                }
                return None;
            }
        }
    }
}
