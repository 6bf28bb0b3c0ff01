//! Where a client may be answered to: URIs that it is made with, compared with the one of a request character by
//! character (RFC 9700, 4.1.3). Only the port of a program on the user's own machine is free (RFC 8252, 7.3).

use std::net::IpAddr;

use oauth2::url::{Host, Url};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::AccessError;

const LONGEST: usize = 2000;
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a client may be made with that URI: `https`; `http` on the machine itself; or, of a public client, a scheme of
/// its own with a dot in it (`com.example.app:/done`).
pub fn check(uri: &str, public: bool) -> Result<(), AccessError> {
    let refused = |why: &str| Err(AccessError::refused(format!("the redirect URI \"{uri}\" {why}")));
    if uri.len() > LONGEST || !is_plain(uri) {
        return refused("must be of printable ASCII characters without a backslash, 2000 at most");
    }
    let Ok(url) = Url::parse(uri) else {
        return refused("is not absolute; https://app.example/done would be");
    };
    if url.fragment().is_some() {
        return refused("has a fragment, and must not (RFC 6749, 3.1.2)");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("names a user, and must not");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) || url.host() == Some(Host::Domain("localhost")) => Ok(()),
        "http" => refused("is not https; http is for programs on the user's machine: http://127.0.0.1/done"),
        scheme if public && scheme.contains('.') => Ok(()),
        _ if public => refused("has a scheme that is neither https nor an own one with a dot (com.example.app:/done)"),
        _ => refused("is not https; schemes of their own are for public clients"),
    }
}

/// Where to answer a request that names `given`; `None`: nowhere.
pub fn matching(registered: &[String], given: &str, public: bool) -> Option<String> {
    if registered.iter().any(|uri| uri == given) {
        return Some(given.to_owned());
    }
    let url = Url::parse(given).ok().filter(|url| public && url.scheme() == "http" && is_loopback(url))?;
    // Only what is written as browsers read it: 127.1 and 0x7f.1 are other names of the address, `\` is a slash to some.
    if url.as_str() != given {
        return None;
    }
    let fits = |uri: &String| {
        Url::parse(uri).is_ok_and(|mut known| known.set_port(url.port()).is_ok() && known.as_str() == given)
    };
    registered.iter().any(fits).then(|| given.to_owned())
}

/// Whether any program on the user's machine could take what is sent there (RFC 8252, 8.6).
pub fn is_claimable(uri: &str) -> bool {
    !Url::parse(uri).is_ok_and(|url| url.scheme() == "https")
}

/// What a page's policy has to say of its forms so that an answer may lead there; the URI is one of [`matching`].
pub fn source(uri: &str) -> String {
    let Ok(url) = Url::parse(uri) else { return String::new() };
    match url.host() {
        // A policy has no way to write IPv6 addresses.
        Some(Host::Ipv6(_)) | None => format!("{}:", url.scheme()),
        Some(_) => match url.origin() {
            origin if origin.is_tuple() => origin.ascii_serialization(),
            _ => format!("{}:", url.scheme()),
        },
    }
}

/// What the user is told of the place: its host, or the scheme.
pub fn place(uri: &str) -> String {
    let Ok(url) = Url::parse(uri) else { return String::new() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    url.host_str().map_or_else(|| format!("{}:", url.scheme()), |host| format!("{host}{port}"))
}

/// The URI with parameters added to its query.
pub fn with(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut target = uri.to_owned();
    for (name, value) in parameters {
        let separator = match target.rsplit_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        target.push_str(&format!("{separator}{name}={}", utf8_percent_encode(value, KEPT)));
    }
    target
}

fn is_plain(uri: &str) -> bool {
    uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address) == IpAddr::from([127, 0, 0, 1]),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_made_with_uris_that_are_safe() {
        for uri in ["https://app.example/done", "https://app.example", "http://127.0.0.1/done", "http://[::1]:7/d?a=b"]
        {
            assert!(check(uri, false).is_ok(), "{uri}");
        }
        assert!(check("http://localhost:3000/done", false).is_ok());
        assert!(check("com.example.app:/done", true).is_ok());
        for uri in [
            "",
            "/done",
            "app.example/done",
            "http://app.example/done",
            "http://127.0.0.1.evil.example/",
            "https://app.example/#x",
            "https://user@app.example/",
            "https://app.example\\@evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "com.example.app:/done",
            "https://app.example/a b",
            "https://app.example/\r\nSet-Cookie:x",
        ] {
            assert!(check(uri, false).is_err(), "{uri}");
        }
        for uri in ["javascript:alert(1)", "data:text/html,x", "app:/done", "file:///etc/passwd", "http://app.example/"]
        {
            assert!(check(uri, true).is_err(), "{uri}");
        }
    }

    #[test]
    fn only_the_port_of_the_own_machine_is_free() {
        let registered = |uri: &str| vec![uri.to_owned()];
        let app = registered("https://app.example/done?a=b");
        assert!(matching(&app, "https://app.example/done?a=b", true).is_some());
        for given in [
            "https://app.example/done",
            "https://app.example/done?a=b&c=d",
            "https://app.example/done?a=b#f",
            "https://app.example:8443/done?a=b",
            "https://APP.example/done?a=b",
            "https://app.example/x/../done?a=b",
            "https://app.example.evil.example/done?a=b",
            "https://app.example@evil.example/done?a=b",
            "http://app.example/done?a=b",
        ] {
            assert_eq!(matching(&app, given, true), None, "{given}");
        }
        let own = registered("http://127.0.0.1/done");
        assert!(matching(&own, "http://127.0.0.1:51004/done", true).is_some());
        assert_eq!(
            matching(&own, "http://127.0.0.1:51004/done", false),
            None,
            "a confidential client is no such program"
        );
        for given in [
            "http://127.0.0.1:51004/other",
            "http://127.0.0.1:51004/done?x=y",
            "http://127.0.0.1:51004/done#x",
            "https://127.0.0.1:51004/done",
            "http://127.0.0.2:51004/done",
            "http://localhost:51004/done",
            "http://[::1]:51004/done",
            "http://127.1:51004/done",
            "http://127.0.0.1:51004@evil.example/done",
            "http://evil.example:51004/done",
            "http://127.0.0.1:51004\\@evil.example/done",
            "http://127.0.0.1:99999/done",
        ] {
            assert_eq!(matching(&own, given, true), None, "{given}");
        }
        assert!(matching(&registered("http://[::1]/done"), "http://[::1]:51004/done", true).is_some());
        assert_eq!(matching(&registered("http://localhost/done"), "http://localhost:51004/done", true), None);
    }

    #[test]
    fn parameters_join_the_query_that_is_there() {
        assert_eq!(
            with("https://a.example", &[("code", "x"), ("state", "a&b=c d")]),
            "https://a.example?code=x&state=a%26b%3Dc%20d"
        );
        assert_eq!(with("https://a.example/?x=y", &[("code", "z")]), "https://a.example/?x=y&code=z");
        assert_eq!(with("https://a.example/?", &[("code", "z")]), "https://a.example/?code=z");
        assert_eq!(with("com.example:/d", &[("code", "z")]), "com.example:/d?code=z");
    }

    #[test]
    fn a_policy_names_the_origin() {
        assert_eq!(source("https://app.example/done"), "https://app.example");
        assert_eq!(source("http://127.0.0.1:51004/done"), "http://127.0.0.1:51004");
        assert_eq!(source("http://[::1]:51004/done"), "http:");
        assert_eq!(source("com.example.app:/done"), "com.example.app:");
        assert_eq!(
            (place("https://app.example/done"), place("com.example.app:/d")),
            ("app.example".to_owned(), "com.example.app:".to_owned())
        );
    }
}
