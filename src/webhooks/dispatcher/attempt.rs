//! One attempt: a signed request, and the answer as far as it is of interest.

use std::time::{Duration, Instant};

use chrono::Utc;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, ClientBuilder, Response, redirect};
use rustls::crypto::aws_lc_rs;

use super::claim::Claimed;
use super::fault;
use super::outcome::{Answer, retry_after};
use crate::auth::secret::ServerKey;
use crate::config;
use crate::engine::input::without_nul;
use crate::engine::write::SEALED;
use crate::webhooks::destination::{self, Lookup, Resolver};
use crate::webhooks::signature::{Message, headers};

/// How long the beginning of an answer's body may take after its head.
const EXCERPT_PATIENCE: Duration = Duration::from_secs(2);

/// Sends messages. It follows no redirect, knows no proxy, and connects to no address that is not allowed.
pub struct Sender {
    settings: config::Webhooks,
    verifying: Result<Client, reqwest::Error>,
    trusting: Result<Client, reqwest::Error>,
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
        };
        Sender { settings: settings.clone(), verifying: client(true), trusting: client(false) }
    }

    /// Makes an attempt. The answer says how long it took, too.
    pub async fn send(&self, key: &ServerKey, claimed: &Claimed) -> (Answer, Duration) {
        let start = Instant::now();
        let answer = match tokio::time::timeout(self.settings.timeout, self.request(key, claimed)).await {
            Err(_) => Answer::None(format!("No answer within {} s.", self.settings.timeout.as_secs())),
            Ok(Err(answer)) => answer,
            Ok(Ok(response)) => return (received(response, self.settings.response_excerpt).await, start.elapsed()),
        };
        (answer, start.elapsed())
    }

    async fn request(&self, key: &ServerKey, claimed: &Claimed) -> Result<Response, Answer> {
        let url = destination::parse(&claimed.url, &self.settings).map_err(Answer::Refused)?;
        let client = if claimed.verify { &self.verifying } else { &self.trusting };
        let client = client.as_ref().map_err(|error| fault::of(error, claimed))?;
        let secrets = open(key, claimed)?;
        let id = claimed.message.to_string();
        let (at, body) = (Utc::now().timestamp(), claimed.body.as_str());
        let message = Message { id: &id, topic: &claimed.topic, at, body, secrets: &secrets };
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json");
        request = request.header(USER_AGENT, concat!("Entrepot/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers(&message, claimed.scheme) {
            request = request.header(name, value);
        }
        request.body(claimed.body.clone()).send().await.map_err(|error| fault::of(&error, claimed))
    }
}

fn open(key: &ServerKey, claimed: &Claimed) -> Result<Vec<String>, Answer> {
    let open = |sealed: &String| {
        let text = sealed.strip_prefix(SEALED).unwrap_or(sealed);
        key.open_text(&claimed.purpose(), text).map_err(|error| {
            tracing::error!(webhook = %claimed.webhook, %error, "the secret of a webhook cannot be opened");
            Answer::None("The secret of the webhook cannot be read.".to_owned())
        })
    };
    claimed.secrets.iter().map(open).collect()
}

/// The status and what comes of the body within a moment, that many bytes at most: a body is no reason to try again.
async fn received(mut response: Response, most: usize) -> Answer {
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(|value| retry_after(value, Utc::now()));
    let mut body = Vec::new();
    let read = async {
        while body.len() < most
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]);
        }
    };
    // What is missing then is not waited for.
    let _ = tokio::time::timeout(EXCERPT_PATIENCE, read).await;
    let excerpt = without_nul(&String::from_utf8_lossy(&body));
    Answer::Status { status, retry_after, excerpt }
}
