//! Where a request comes from, and whether it may come from there.
//!
//! The caller's address is the socket's. Where the socket belongs to a trusted proxy, it is the rightmost entry of the
//! proxy's header that is no trusted proxy itself: what stands further left is what anyone may have sent.

use std::net::IpAddr;

use actix_web::HttpRequest;

use crate::app::App;
use crate::auth::Api;
use crate::config::ProxyHeader;
use crate::error::Error;
use crate::network::Networks;

/// The caller's address; `None` when a trusted proxy names none that can be read.
pub fn of(request: &HttpRequest, app: &App) -> Option<IpAddr> {
    let settings = &app.config.networks;
    let socket = request.peer_addr()?.ip().to_canonical();
    if !settings.trusted_proxies.contain(socket) {
        return Some(socket);
    }
    let mut lines = Vec::new();
    for value in request.headers().get_all(settings.proxy_header.name()) {
        lines.push(value.to_str().ok()?);
    }
    behind(&settings.trusted_proxies, settings.proxy_header, socket, &lines.join(","))
}

/// Whether the request came from a trusted proxy.
pub fn by_proxy(request: &HttpRequest, app: &App) -> bool {
    let trusted = &app.config.networks.trusted_proxies;
    request.peer_addr().is_some_and(|socket| trusted.contain(socket.ip().to_canonical()))
}

/// Refuses a request to an API that is switched off, as if nothing were there, and a caller whom the list of the API
/// does not allow; to be called before credentials are looked at.
pub fn admit(request: &HttpRequest, app: &App, api: Api) -> Result<(), Error> {
    if !app.config.api.enabled(api) {
        return Err(super::no_such_route(request));
    }
    check(allowed(app, api), of(request, app))
}

/// The networks that may call an API.
pub fn allowed(app: &App, api: Api) -> &Networks {
    match api {
        Api::Admin => &app.config.networks.admin,
        Api::Storefront => &app.config.networks.storefront,
    }
}

/// Refuses an address that is not of the list.
pub fn check(networks: &Networks, address: Option<IpAddr>) -> Result<(), Error> {
    if networks.allow(address) {
        return Ok(());
    }
    tracing::warn!(?address, "refused: the address is in no allowed network");
    Err(Error::address_not_allowed())
}

fn behind(trusted: &Networks, header: ProxyHeader, socket: IpAddr, line: &str) -> Option<IpAddr> {
    let mut nearest = socket;
    for entry in line.split(',').rev().map(str::trim).filter(|entry| !entry.is_empty()) {
        let node = match header {
            ProxyHeader::XForwardedFor => Some(entry),
            ProxyHeader::Forwarded => entry.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
            }),
        };
        nearest = parse(node?)?;
        if !trusted.contain(nearest) {
            break;
        }
    }
    Some(nearest)
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn parse(node: &str) -> Option<IpAddr> {
    let bare = match node.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let sound = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
            sound.then_some(address)?
        }
        None => match node.split_once(':') {
            Some((four, port)) if port.parse::<u16>().is_ok() && four.contains('.') => four,
            _ => node,
        },
    };
    bare.parse().map(|address: IpAddr| address.to_canonical()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(header: ProxyHeader, line: &str) -> Option<String> {
        let trusted = Networks::read(["10.0.0.0/8", "2001:db8::/32"]).unwrap();
        behind(&trusted, header, IpAddr::from([10, 0, 0, 1]), line).map(|address| address.to_string())
    }

    #[test]
    fn the_rightmost_entry_that_is_no_trusted_proxy_counts() {
        let of = |line| caller(ProxyHeader::XForwardedFor, line);
        assert_eq!(of("198.51.100.9, 192.0.2.1"), Some("192.0.2.1".to_owned()));
        assert_eq!(of("198.51.100.9, 192.0.2.1, 10.0.0.7"), Some("192.0.2.1".to_owned()));
        assert_eq!(of("192.0.2.1:4711,[2001:db8::7]:80"), Some("192.0.2.1".to_owned()));
        assert_eq!(of("::ffff:192.0.2.1"), Some("192.0.2.1".to_owned()));
        assert_eq!(of("2001:470::1"), Some("2001:470::1".to_owned()));
        assert_eq!(of("10.0.0.3, 10.0.0.2"), Some("10.0.0.3".to_owned()), "all of them are proxies");
        assert_eq!(of(""), Some("10.0.0.1".to_owned()));
    }

    #[test]
    fn an_entry_that_cannot_be_read_hides_the_caller() {
        for line in ["unknown", "192.0.2.1, unknown", "192.0.2.1, 1.2.3", "[2001:db8::7", "192.0.2.1:x"] {
            assert_eq!(caller(ProxyHeader::XForwardedFor, line), None, "{line}");
        }
        assert_eq!(caller(ProxyHeader::XForwardedFor, "unknown, 192.0.2.1"), Some("192.0.2.1".to_owned()));
        assert_eq!(caller(ProxyHeader::Forwarded, "proto=https"), None);
        assert_eq!(caller(ProxyHeader::Forwarded, "for=_hidden"), None);
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        let line = "for=198.51.100.9;by=10.0.0.1, proto=https;For=\"[2001:470::1]:4711\", for=10.0.0.2";
        assert_eq!(caller(ProxyHeader::Forwarded, line), Some("2001:470::1".to_owned()));
    }
}
