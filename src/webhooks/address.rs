//! Which addresses the server may call by itself: public ones, and those of networks that the operator allows. Pure.
//!
//! What is not plainly public is refused: loopback, private, shared (CGNAT), link-local (with the metadata services of
//! clouds), multicast, reserved, documentation and benchmark addresses, and IPv6 addresses that carry an IPv4 address
//! which is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::Networks;

/// Whether a request may go to the address.
pub fn is_allowed(address: IpAddr, allowed: &Networks) -> bool {
    allowed.contain(address)
        || match address.to_canonical() {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => match carried_by_nat64(address) {
                Some(carried) => allowed.contain(IpAddr::V4(carried)) || is_public_v4(carried),
                None => is_public_v6(address),
            },
        }
}

/// Networks of IPv4 that are no part of the public internet, by the registry of special-purpose addresses (RFC 6890).
const SPECIAL_V4: [([u8; 4], u32); 17] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // The wire server of Azure's virtual machines.
    ([168, 63, 129, 16], 32),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Multicast, reserved and broadcast.
    ([224, 0, 0, 0], 3),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    SPECIAL_V4.iter().all(|(network, length)| {
        let mask = u32::MAX << (32 - length);
        bits & mask != u32::from_be_bytes(*network)
    })
}

/// Networks within the global unicast addresses 2000::/3 that are none or lead elsewhere: Teredo and other protocol
/// assignments, documentation, 6to4.
const SPECIAL_V6: [(u128, u32); 4] =
    [(0x2001_0000 << 96, 23), (0x2001_0db8 << 96, 32), (0x2002 << 112, 16), (0x3fff << 112, 20)];

fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let within = |network: u128, length: u32| bits & (u128::MAX << (128 - length)) == network;
    within(0x2000 << 112, 3) && !SPECIAL_V6.iter().any(|(network, length)| within(*network, *length))
}

/// The IPv4 address in one of the well-known prefix of NAT64, 64:ff9b::/96.
fn carried_by_nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    (bits >> 32 == 0x0064_ff9b << 64).then_some(Ipv4Addr::from_bits((bits & u128::from(u32::MAX)) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(address: &str, networks: &[&str]) -> bool {
        is_allowed(address.parse().unwrap(), &Networks::read(networks.iter().copied()).unwrap())
    }

    #[test]
    fn addresses_inside_are_refused() {
        let inside = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:0808:0808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for address in inside {
            assert!(!allows(address, &[]), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.15",
            "169.253.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
        ];
        for address in public {
            assert!(allows(address, &[]), "{address}");
        }
    }

    #[test]
    fn the_operator_allows_networks_inside() {
        assert!(allows("10.1.2.3", &["10.1.2.0/24"]));
        assert!(!allows("10.1.3.3", &["10.1.2.0/24"]));
        assert!(allows("::ffff:10.1.2.3", &["10.1.2.0/24"]));
        assert!(allows("64:ff9b::10.1.2.3", &["10.1.2.0/24"]));
        assert!(allows("fd00::1", &["fd00::/8"]));
        assert!(!allows("127.0.0.1", &["10.0.0.0/8", "fd00::/8"]));
    }
}
