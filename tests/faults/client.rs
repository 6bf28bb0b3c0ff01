//! A client that may be left without an answer.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock, RwLock};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::blocking::{Client as Http, Response};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};

use crate::site::{PASSWORD, SECRET, Site};

pub const JSON_API: &str = "application/vnd.api+json";

/// The one HTTP client of the run.
pub fn http() -> &'static Http {
    static HTTP: OnceLock<Http> = OnceLock::new();
    HTTP.get_or_init(|| {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let roots = RootCertStore::empty();
        let tls =
            builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
        Http::builder().tls_backend_preconfigured(tls).timeout(Duration::from_secs(20)).build().unwrap()
    })
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// Whether it says to come again: a failure, or the first request with the key is under way.
    pub fn is_passing(&self) -> bool {
        self.status >= 500 || self.json()["errors"][0]["code"] == "idempotency-key-in-use"
    }
}

/// Requests of one user.
pub struct Client {
    address: SocketAddr,
    user: &'static str,
    token: RwLock<String>,
}

impl Client {
    /// Of a user who has the password of the demonstration.
    pub fn new(site: &Site, user: &'static str) -> Client {
        Client { address: site.address, user, token: RwLock::default() }
    }

    /// Sends a request once. `None`: there was no answer, whatever became of the request.
    pub fn send(&self, method: &Method, path: &str, key: Option<&str>, body: &Value) -> Option<Answer> {
        let headers: Vec<(&str, &str)> = key.into_iter().map(|key| ("Idempotency-Key", key)).collect();
        let response = self.ask(method, path, &headers, (!body.is_null()).then(|| (JSON_API, body.to_string())))?;
        Some(Answer { status: response.status().as_u16(), text: response.text().ok()? })
    }

    /// Sends a request once, with those headers, and a body of that type. The rest of the answer is still to come.
    pub fn ask(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, String)>,
    ) -> Option<Response> {
        loop {
            let mut request = http().request(method.clone(), format!("http://{}{path}", self.address));
            request = request.bearer_auth(self.token());
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some((kind, body)) = &body {
                request = request.header("Content-Type", *kind).body(body.clone());
            }
            let response = request.send().ok()?;
            if response.status() != 401 {
                return Some(response);
            }
            *self.token.write().unwrap() = self.new_token()?;
        }
    }

    /// Sends a request and leaves: the connection ends as soon as it is written, and nobody knows what becomes of it.
    pub fn send_and_leave(&self, method: &Method, path: &str, key: &str, body: &Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {key}\r\n\
             Content-Type: {JSON_API}\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.token(),
            body.len()
        );
        // Whether the server is there is another matter.
        let _ = TcpStream::connect(self.address).and_then(|mut stream| stream.write_all(request.as_bytes()));
    }

    fn token(&self) -> String {
        self.token.read().unwrap().clone()
    }

    /// [`Client::send`] of a GET, until there is an answer that is none of a failure.
    pub fn get(&self, path: &str) -> Answer {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            match self.send(&Method::GET, path, None, &Value::Null) {
                Some(answer) if !answer.is_passing() => return answer,
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
            assert!(Instant::now() < end, "no answer to GET {path}");
        }
    }

    fn new_token(&self) -> Option<String> {
        let body = json!({
            "grant_type": "password", "client_id": "demo-password", "client_secret": SECRET,
            "username": self.user, "password": PASSWORD,
        });
        let answer = http().post(format!("http://{}/oauth2-token", self.address)).json(&body).send().ok()?;
        let document: Value = answer.json().ok()?;
        Some(document["access_token"].as_str()?.to_owned())
    }
}
