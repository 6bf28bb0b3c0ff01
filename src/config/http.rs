//! The listener and its limits.

use std::net::SocketAddr;
use std::time::Duration;

use super::source::Source;

/// The server's face.
#[derive(Clone, Debug)]
pub struct Http {
    pub listen: SocketAddr,
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
    /// For the head of a request to arrive.
    pub request_timeout: Duration,
    /// For the next request on an open connection.
    pub keep_alive: Duration,
    /// For running requests, when the server stops.
    pub shutdown_timeout: Duration,
    /// Threads that serve requests; 0: one per processor.
    pub workers: usize,
}

impl Http {
    pub(super) fn read(source: &mut Source) -> Http {
        let root = "a path that begins with a slash and does not end with one, such as /admin/api";
        let valid_root = |text: &str| text.starts_with('/') && text.len() > 1 && !text.ends_with('/');
        let http = Http {
            listen: source.read(
                "http.listen",
                SocketAddr::from(([127, 0, 0, 1], 8080)),
                "an address and a port, such as 127.0.0.1:8080 or [::]:8080",
                |value| value.as_str()?.parse().ok(),
                |address| Some(format!("\"{address}\"")),
            ),
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
            request_timeout: Duration::from_secs(source.integer("http.request_timeout", 15, 1..=600)),
            keep_alive: Duration::from_secs(source.integer("http.keep_alive", 75, 1..=3600)),
            shutdown_timeout: Duration::from_secs(source.integer("http.shutdown_timeout", 30, 1..=600)),
            workers: source.integer("http.workers", 0, 0..=1024) as usize,
        };
        if http.admin_root == http.storefront_root {
            source.problem(format!(
                "http.admin_root and http.storefront_root must differ; both are \"{}\".",
                http.admin_root
            ));
        }
        http
    }
}
