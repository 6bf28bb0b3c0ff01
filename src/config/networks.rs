//! From where requests may come.

use super::source::Source;
use crate::network::Networks;

/// Allowed networks and trusted proxies.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    /// From where the back office's API may be called; empty: from anywhere.
    pub admin: Networks,
    /// From where the storefront's API may be called; empty: from anywhere.
    pub storefront: Networks,
    /// Proxies whose word about the caller's address is taken.
    pub trusted_proxies: Networks,
    /// The header in which they say it.
    pub proxy_header: ProxyHeader,
}

/// The header that the proxies write. Only one is read: what a proxy does not write, it passes on as anyone sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    XForwardedFor,
    Forwarded,
}

impl ProxyHeader {
    pub const fn name(self) -> &'static str {
        match self {
            ProxyHeader::XForwardedFor => "X-Forwarded-For",
            ProxyHeader::Forwarded => "Forwarded",
        }
    }
}

impl NetworkSettings {
    pub(super) fn read(source: &mut Source) -> NetworkSettings {
        let mut networks = |key| {
            let allowed = "a list of networks, such as [\"192.0.2.0/24\", \"2001:db8::/32\"]";
            Networks::of(source.list(key, allowed, |text| Networks::parse(text).ok(), ToString::to_string))
        };
        NetworkSettings {
            admin: networks("networks.admin"),
            storefront: networks("networks.storefront"),
            trusted_proxies: networks("networks.trusted_proxies"),
            proxy_header: source.read(
                "networks.proxy_header",
                ProxyHeader::XForwardedFor,
                "\"X-Forwarded-For\" or \"Forwarded\"",
                |value| {
                    let given = value.as_str()?;
                    [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded]
                        .into_iter()
                        .find(|header| header.name().eq_ignore_ascii_case(given))
                },
                |header| Some(format!("\"{}\"", header.name())),
            ),
        }
    }
}
