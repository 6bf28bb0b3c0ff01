//! Networks that requests may come from. Pure.
//!
//! IPv4-mapped IPv6 addresses count as IPv4, in lists as in callers.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// A list of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    pub fn of(list: Vec<IpNet>) -> Networks {
        Networks(list)
    }

    /// A network, `192.0.2.0/24`, or a single address. The error says what would be right.
    pub fn parse(text: &str) -> Result<IpNet, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let net = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse::<IpNet>().map_err(|_| invalid())?,
        };
        match (net, net.addr().to_canonical()) {
            (IpNet::V6(_), IpAddr::V4(four)) => {
                let length = net.prefix_len().checked_sub(96).ok_or_else(invalid)?;
                Ipv4Net::new(four, length).map(|net| IpNet::V4(net.trunc())).map_err(|_| invalid())
            }
            _ => Ok(net.trunc()),
        }
    }

    /// The networks of a stored list; one that cannot be read is an error, so that it never allows everything.
    pub fn read<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Networks, InvalidNetwork> {
        texts.into_iter().map(Networks::parse).collect::<Result<_, _>>().map(Networks)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }

    /// Whether a caller may come from there: an empty list allows any address, a list with entries no unknown one.
    pub fn allow(&self, address: Option<IpAddr>) -> bool {
        self.is_empty() || address.is_some_and(|address| self.contain(address))
    }

    /// As texts, to be stored.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

/// A text that is no network.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidNetwork(String);

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" is no network; write it as 192.0.2.0/24, 2001:db8::/32 or a single address", self.0)
    }
}

impl std::error::Error for InvalidNetwork {}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &[&str], address: &str) -> bool {
        Networks::read(list.iter().copied()).unwrap().allow(Some(address.parse().unwrap()))
    }

    #[test]
    fn mapped_addresses_and_networks_count_as_ipv4() {
        assert!(allows(&["192.0.2.0/24"], "::ffff:192.0.2.7"));
        assert!(allows(&["::ffff:192.0.2.0/120"], "192.0.2.7"));
        assert!(allows(&["::ffff:192.0.2.7"], "192.0.2.7"));
        assert!(!allows(&["::ffff:192.0.2.0/120"], "192.0.3.7"));
        assert!(!allows(&["::/0"], "::ffff:192.0.2.7"), "every IPv6 address is not every IPv4 address");
    }

    #[test]
    fn bits_behind_the_prefix_do_not_count() {
        assert!(allows(&["192.0.2.99/24"], "192.0.2.1"));
        assert!(allows(&["2001:db8::1/32"], "2001:db8:ffff::"));
        assert!(!allows(&["2001:db8::1"], "2001:db8::2"));
    }

    #[test]
    fn an_unknown_address_is_allowed_only_where_any_is() {
        assert!(Networks::default().allow(None));
        assert!(!Networks::read(["0.0.0.0/0"]).unwrap().allow(None));
        for wrong in ["", "x", "192.0.2.0/33", "192.0.2/24", "192.0.2.0/24 ", "::ffff:0.0.0.0/90"] {
            assert!(Networks::parse(wrong).is_err(), "{wrong}");
        }
    }
}
