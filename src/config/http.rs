//! The listener and its limits.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::source::Source;

/// The server's face.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where plain HTTP is spoken; `None`: nowhere.
    pub listen: Option<SocketAddr>,
    /// Where HTTPS is spoken, and with what; `None`: nowhere.
    pub tls: Option<Tls>,
    /// How long browsers are told to come back by HTTPS only; zero: they are told nothing.
    pub hsts_max_age: Duration,
    /// Scheme and authority before every path in links, without a slash at the end; else the request's Host is used.
    pub public_url: Option<String>,
    /// The back office API's path.
    pub admin_root: String,
    /// The storefront API's path.
    pub storefront_root: String,
    /// Bytes of a request body.
    pub body_limit: usize,
    /// Nesting of a JSON body.
    pub json_depth: usize,
    /// Members of objects and items of lists in one body, all together.
    pub json_values: usize,
    /// Bytes of an answer that is stored for an idempotency key.
    pub stored_answer_limit: usize,
    /// For the head of a request to arrive.
    pub request_timeout: Duration,
    /// For the body of a request to arrive, and a second more for each 16 KiB of it.
    pub body_timeout: Duration,
    /// For the client to take the next part of an answer.
    pub answer_timeout: Duration,
    /// For the next request on an open connection.
    pub keep_alive: Duration,
    /// Connections at the same time.
    pub connections: usize,
    /// Connections from one address, if it is no trusted proxy's; 0: no limit.
    pub connections_per_address: usize,
    /// Between the signal to stop, from which on the server is not ready, and the stop.
    pub drain_delay: Duration,
    /// For running requests, when the server stops.
    pub shutdown_timeout: Duration,
    /// Threads that serve requests; 0: one per processor.
    pub workers: usize,
}

/// HTTPS: its port, and the PEM files of its certificate.
#[derive(Clone, Debug)]
pub struct Tls {
    pub listen: SocketAddr,
    /// The certificate, and after it those that lead to its root.
    pub certificate: PathBuf,
    /// The certificate's private key, not encrypted.
    pub key: PathBuf,
}

impl Tls {
    /// On as soon as there is a certificate.
    fn read(source: &mut Source) -> Option<Tls> {
        let listen = source.read(
            "http.tls.listen",
            SocketAddr::from(([127, 0, 0, 1], 8443)),
            "an address and a port, such as 127.0.0.1:8443 or [::]:8443",
            |value| value.as_str()?.parse().ok(),
            |address| Some(format!("\"{address}\"")),
        );
        match (source.path("http.tls.certificate"), source.path("http.tls.key")) {
            (Some(certificate), Some(key)) => Some(Tls { listen, certificate, key }),
            (None, None) => None,
            (certificate, _) => {
                let (set, lacks) = if certificate.is_some() { ("certificate", "key") } else { ("key", "certificate") };
                source.problem(format!("http.tls.{set} is set and http.tls.{lacks} is not: HTTPS needs both."));
                None
            }
        }
    }
}

impl Http {
    pub(super) fn read(source: &mut Source) -> Http {
        let root = "a path that begins with a slash and does not end with one, such as /admin/api";
        let valid_root = |text: &str| text.starts_with('/') && text.len() > 1 && !text.ends_with('/');
        let http = Http {
            listen: source.read(
                "http.listen",
                Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
                "an address and a port, such as 127.0.0.1:8080 or [::]:8080, or off",
                |value| match value.as_str()? {
                    "off" => Some(None),
                    text => text.parse().ok().map(Some),
                },
                |address| Some(address.map_or("\"off\"".to_owned(), |address| format!("\"{address}\""))),
            ),
            tls: Tls::read(source),
            hsts_max_age: Duration::from_secs(source.integer("http.hsts_max_age", 31_536_000, 0..=63_072_000)),
            public_url: source.optional_text(
                "http.public_url",
                "a URL without a path, such as https://shop.example",
                |text| {
                    let text = text.trim_end_matches('/');
                    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
                    (!host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])).then(|| text.to_owned())
                },
            ),
            admin_root: source.text("http.admin_root", "/admin/api", root, valid_root),
            storefront_root: source.text("http.storefront_root", "/api", root, valid_root),
            body_limit: source.integer("http.body_limit", 16 << 20, 1024..=1 << 30) as usize,
            json_depth: source.integer("http.json_depth", 64, 8..=120) as usize,
            json_values: source.integer("http.json_values", 100_000, 1_000..=10_000_000) as usize,
            stored_answer_limit: source.integer("http.stored_answer_limit", 16 << 20, 1024..=1 << 28) as usize,
            request_timeout: Duration::from_secs(source.integer("http.request_timeout", 15, 1..=600)),
            body_timeout: Duration::from_secs(source.integer("http.body_timeout", 30, 1..=600)),
            answer_timeout: Duration::from_secs(source.integer("http.answer_timeout", 60, 1..=600)),
            keep_alive: Duration::from_secs(source.integer("http.keep_alive", 75, 1..=3600)),
            connections: source.integer("http.connections", 10_000, 1..=1_000_000) as usize,
            connections_per_address: source.integer("http.connections_per_address", 1000, 0..=1_000_000) as usize,
            drain_delay: Duration::from_secs(source.integer("http.drain_delay", 5, 0..=600)),
            shutdown_timeout: Duration::from_secs(source.integer("http.shutdown_timeout", 30, 1..=600)),
            workers: source.integer("http.workers", 0, 0..=1024) as usize,
        };
        if http.admin_root == http.storefront_root {
            source.problem(format!(
                "http.admin_root and http.storefront_root must differ; both are \"{}\".",
                http.admin_root
            ));
        }
        if http.listen.is_none() && http.tls.is_none() {
            let text = "http.listen is off and http.tls.certificate is not set: nothing would be served.";
            source.problem(text.to_owned());
        }
        http
    }
}
