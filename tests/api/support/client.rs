//! A JSON:API client that says what it met when an expectation fails.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::Method;
use reqwest::blocking::{ClientBuilder, RequestBuilder, Response};
use reqwest::header::HeaderMap;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

pub const JSON_API: &str = "application/vnd.api+json";

/// Requests to one server, with or without a token. Paths begin with a slash.
#[derive(Clone)]
pub struct Client {
    http: reqwest::blocking::Client,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    request: String,
}

/// What every HTTP client of the tests is made of.
pub fn http() -> ClientBuilder {
    trusting(RootCertStore::empty())
}

/// An HTTP client that trusts those certificates alone.
pub fn trusting(roots: RootCertStore) -> ClientBuilder {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let mut tls =
        builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    ClientBuilder::new().tls_backend_preconfigured(tls)
}

impl Client {
    pub fn new(base: String) -> Client {
        Client::over(http(), base)
    }

    /// A client with settings of its own.
    pub fn over(http: ClientBuilder, base: String) -> Client {
        Client { http: http.build().unwrap(), base, token: None }
    }

    /// A client of its own of another server, with the same token.
    pub fn at(&self, address: SocketAddr) -> Client {
        Client { token: self.token.clone(), ..Client::new(format!("http://{address}")) }
    }

    /// The same client, which shows redirects instead of following them.
    pub fn staying(&self) -> Client {
        let http = http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Client { http, ..self.clone() }
    }

    /// The same client with a bearer token.
    pub fn with_token(&self, token: &str) -> Client {
        Client { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client with the token of another.
    pub fn with_token_of(self, other: &Client) -> Client {
        Client { token: other.token.clone(), ..self }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, |request| request)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, |request| document(request, body))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, |request| document(request, body))
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, |request| request)
    }

    /// Any request: `shape` adds headers and a body.
    pub fn send(&self, method: Method, path: &str, shape: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Answer {
        self.try_send(method, path, shape).unwrap()
    }

    /// [`Client::send`], for a server that may be gone.
    pub fn try_send(
        &self,
        method: Method,
        path: &str,
        shape: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response: Response = shape(request).send()?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            request: format!("{method} {path}"),
            text: response.text()?,
        })
    }
}

fn document(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("Content-Type", JSON_API).body(body.to_string())
}

impl Answer {
    /// Fails the test, showing the body, unless the status is that.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}: {}", self.request, self.text))
    }

    /// The first error object.
    #[track_caller]
    pub fn error(&self) -> Value {
        let error = self.json()["errors"][0].clone();
        assert!(error.is_object(), "{}: no error in {}", self.request, self.text);
        error
    }

    /// The id of the primary record.
    #[track_caller]
    pub fn id(&self) -> String {
        let id = self.json()["data"]["id"].as_str().map(str::to_owned);
        id.unwrap_or_else(|| panic!("{}: no id in {}", self.request, self.text))
    }

    /// A header's text; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
