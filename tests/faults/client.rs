//! A client that may be left without an answer.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, RwLock};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::blocking::Client as Http;
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

/// Requests of the demonstration's administrator.
pub struct Client {
    address: SocketAddr,
    token: RwLock<String>,
}

impl Client {
    pub fn new(site: &Site) -> Client {
        Client { address: site.address, token: RwLock::default() }
    }

    /// Sends a request once. `None`: there was no answer, whatever became of the request.
    pub fn send(&self, method: &Method, path: &str, key: Option<&str>, body: &Value) -> Option<Answer> {
        loop {
            let token = self.token.read().unwrap().clone();
            let mut request = http().request(method.clone(), format!("http://{}{path}", self.address));
            request = request.bearer_auth(&token);
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            if !body.is_null() {
                request = request.header("Content-Type", JSON_API).body(body.to_string());
            }
            let response = request.send().ok()?;
            let answer = Answer { status: response.status().as_u16(), text: response.text().ok()? };
            if answer.status != 401 {
                return Some(answer);
            }
            *self.token.write().unwrap() = self.new_token()?;
        }
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
            "username": "admin", "password": PASSWORD,
        });
        let answer = http().post(format!("http://{}/oauth2-token", self.address)).json(&body).send().ok()?;
        let document: Value = answer.json().ok()?;
        Some(document["access_token"].as_str()?.to_owned())
    }
}
