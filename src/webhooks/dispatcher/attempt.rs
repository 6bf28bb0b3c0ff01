//! One attempt: a signed request, and the answer as far as it is of interest.

use std::error::Error as _;
use std::time::{Duration, Instant};

use chrono::Utc;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, ClientBuilder, Response, redirect};
use rustls::crypto::aws_lc_rs;

use super::claim::Claimed;
use super::outcome::{Answer, retry_after};
use crate::auth::secret::ServerKey;
use crate::config;
use crate::engine::write::SEALED;
use crate::webhooks::destination::{self, Lookup, Refused, Resolver};
use crate::webhooks::signature::{Message, headers};

/// Bytes of an answer's body that are kept, and how long they may take after its head.
const EXCERPT: usize = 1024;
const EXCERPT_PATIENCE: Duration = Duration::from_secs(2);

/// Sends messages. It follows no redirect, knows no proxy, and connects to no address that is not allowed.
pub struct Sender {
    settings: config::Webhooks,
    verifying: Result<Client, String>,
    trusting: Result<Client, String>,
}

impl Sender {
    pub fn new(settings: &config::Webhooks, lookup: Lookup) -> Sender {
        // Refused where the process has one already, which is the same.
        let _ = aws_lc_rs::default_provider().install_default();
        let client = |verify: bool| {
            let resolver = Resolver::new(lookup.clone(), settings.allowed_networks.clone());
            ClientBuilder::new()
                .dns_resolver(resolver)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .timeout(settings.timeout + EXCERPT_PATIENCE)
                .tls_danger_accept_invalid_certs(!verify)
                .build()
                .map_err(|error| told(&error))
        };
        Sender { settings: settings.clone(), verifying: client(true), trusting: client(false) }
    }

    /// Makes an attempt. The answer says how long it took, too.
    pub async fn send(&self, key: &ServerKey, claimed: &Claimed) -> (Answer, Duration) {
        let start = Instant::now();
        let answer = match tokio::time::timeout(self.settings.timeout, self.request(key, claimed)).await {
            Err(_) => Answer::None(format!("No answer within {} s.", self.settings.timeout.as_secs())),
            Ok(Err(answer)) => answer,
            Ok(Ok(response)) => return (received(response).await, start.elapsed()),
        };
        (answer, start.elapsed())
    }

    async fn request(&self, key: &ServerKey, claimed: &Claimed) -> Result<Response, Answer> {
        let url = destination::parse(&claimed.url, &self.settings).map_err(Answer::Refused)?;
        let client = if claimed.verify { &self.verifying } else { &self.trusting };
        let client = client.as_ref().map_err(|error| Answer::None(error.clone()))?;
        let secrets = open(key, claimed).map_err(Answer::None)?;
        let id = claimed.message.to_string();
        let (at, body) = (Utc::now().timestamp(), claimed.body.as_str());
        let message = Message { id: &id, topic: &claimed.topic, at, body, secrets: &secrets };
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json");
        request = request.header(USER_AGENT, concat!("Entrepot/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers(&message, claimed.scheme) {
            request = request.header(name, value);
        }
        request.body(claimed.body.clone()).send().await.map_err(|error| match refused(&error) {
            Some(text) => Answer::Refused(text),
            None => Answer::None(told(&error.without_url())),
        })
    }
}

fn open(key: &ServerKey, claimed: &Claimed) -> Result<Vec<String>, String> {
    let open = |sealed: &String| {
        let text = sealed.strip_prefix(SEALED).unwrap_or(sealed);
        key.open_text(&claimed.purpose(), text).map_err(|error| error.to_string())
    };
    claimed.secrets.iter().map(open).collect()
}

/// The status and what comes of the body within a moment: a body is no reason to try again.
async fn received(mut response: Response) -> Answer {
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(|value| retry_after(value, Utc::now()));
    let mut body = Vec::new();
    let read = async {
        while body.len() < EXCERPT
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk[..chunk.len().min(EXCERPT - body.len())]);
        }
    };
    // What is missing then is not waited for.
    let _ = tokio::time::timeout(EXCERPT_PATIENCE, read).await;
    let excerpt = String::from_utf8_lossy(&body).replace('\0', "\u{fffd}");
    Answer::Status { status, retry_after, excerpt }
}

/// Whether the name leads to an address that nothing is sent to.
fn refused(error: &reqwest::Error) -> Option<String> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return Some(refused.to_string());
        }
        source = cause.source();
    }
    None
}

/// An error with its causes, in one sentence.
fn told(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.replace('\0', "\u{fffd}").chars().take(EXCERPT).collect()
}
