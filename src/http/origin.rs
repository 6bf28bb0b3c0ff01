//! Scheme and authority of the address that a request came to.

use std::net::SocketAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap};

use super::address;
use crate::app::App;
use crate::config::ProxyHeader;

/// Where a request came in.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    pub address: SocketAddr,
    /// Whether TLS is spoken there.
    pub secure: bool,
}

/// The beginning of absolute links: the configured one, else what the request came to.
pub fn origin(request: &HttpRequest, app: &App) -> String {
    if let Some(url) = &app.config.http.public_url {
        return url.clone();
    }
    let scheme = if secure(request, app) { "https" } else { "http" };
    // HTTP/2 has it in the target, HTTP/1.1 in a header.
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let host = authority.or_else(|| request.headers().get(HOST).and_then(|host| host.to_str().ok()));
    let sound = |host: &&str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte))
    };
    match host.filter(sound) {
        Some(host) => format!("{scheme}://{host}"),
        None => port(request).map_or_else(String::new, |port| format!("{scheme}://{}", port.address)),
    }
}

/// Whether the client speaks HTTPS, to this server or to a trusted proxy.
pub fn secure(request: &HttpRequest, app: &App) -> bool {
    port(request).is_some_and(|port| port.secure)
        || (address::by_proxy(request, app) && proxied_by_https(request.headers(), app.config.networks.proxy_header))
}

fn port(request: &HttpRequest) -> Option<&Port> {
    request.app_data()
}

/// What the proxy next to the server says; what it says stands last.
fn proxied_by_https(headers: &HeaderMap, header: ProxyHeader) -> bool {
    let last = |name| {
        let line = headers.get_all(name).last()?.to_str().ok()?;
        line.rsplit(',').next()
    };
    let scheme = match header {
        ProxyHeader::XForwardedFor => last("X-Forwarded-Proto").map(str::trim),
        ProxyHeader::Forwarded => last("Forwarded").and_then(|entry| {
            entry.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("proto").then(|| value.trim().trim_matches('"'))
            })
        }),
    };
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
}
