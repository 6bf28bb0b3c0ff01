//! Where requests may be sent: the URL when it is given, and the addresses behind it at each connection.
//!
//! A name is resolved once for a connection, every address that comes out is looked at, and the connection goes to one of
//! those: a name that says something else a moment later is of no use.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address;
use crate::config;
use crate::network::Networks;

/// The longest URL that is stored.
pub const LONGEST_URL: usize = 2048;

/// Reads a URL that requests may be sent to, as far as it tells by itself. The error is a sentence about it.
pub fn parse(text: &str, settings: &config::Webhooks) -> Result<Url, String> {
    if text.len() > LONGEST_URL {
        return Err(format!("This URL is too long. It should have {LONGEST_URL} characters or less."));
    }
    let url = Url::parse(text).map_err(|error| format!("This value is not a valid URL: {error}."))?;
    match url.scheme() {
        "https" => {}
        "http" if !settings.https_only => {}
        "http" => return Err("This URL should begin with \"https://\".".to_owned()),
        _ => return Err("This URL should begin with \"https://\" or \"http://\".".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("This URL should not contain a user name or a password.".to_owned());
    }
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443 | 1024..)) {
        return Err(format!("The port {port} is not allowed. Use 80, 443 or one from 1024 on."));
    }
    if let Some(address) = literal(&url)
        && !address::is_allowed(address, &settings.allowed_networks)
    {
        return Err(refusal(&address));
    }
    Ok(url)
}

/// The address that stands in the URL in place of a name. Such a one is never resolved.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

fn refusal(address: &IpAddr) -> String {
    format!(
        "The address {address} is an internal one, to which nothing is sent unless the server's webhooks.allowed_networks has it."
    )
}

/// What finds the addresses of a name.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The system's resolver.
pub fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// Resolves names for an HTTP client, and refuses those behind which there is any internal address.
pub struct Resolver {
    lookup: Lookup,
    allowed: Networks,
}

impl Resolver {
    pub fn new(lookup: Lookup, allowed: Networks) -> Resolver {
        Resolver { lookup, allowed }
    }
}

/// A name leads to nothing that webhooks may be sent to: to an internal address, to none, or it does not exist. Which of
/// these it is stands in the server's log alone.
#[derive(Debug, thiserror::Error)]
#[error("The host \"{0}\" leads to no address that webhooks may be sent to.")]
pub struct NoAddress(String);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let (found, allowed) = ((self.lookup)(host.clone()), self.allowed.clone());
        Box::pin(async move {
            let addresses = match found.await {
                Ok(addresses) => addresses,
                Err(error) => {
                    tracing::info!(host, %error, "the name of a webhook's host was not resolved");
                    return Err(NoAddress(host).into());
                }
            };
            if let Some(address) = addresses.iter().find(|address| !address::is_allowed(**address, &allowed)) {
                tracing::warn!(host, %address, "the name of a webhook's host leads to an internal address");
                return Err(NoAddress(host).into());
            }
            if addresses.is_empty() {
                return Err(NoAddress(host).into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, settings: &config::Webhooks) -> bool {
        parse(text, settings).is_err()
    }

    #[test]
    fn only_plain_urls_of_http_are_taken() {
        let settings = config::Config::default().webhooks;
        for good in
            ["https://example.com", "http://example.com/hook?a=b", "https://example.com:8443/", "https://8.8.8.8/"]
        {
            assert!(!refused(good, &settings), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "javascript:alert(1)",
            "https://",
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "https://:secret@example.com/",
            "https://example.com:22/",
            "https://example.com:25/",
            "http://example.com:0/",
        ] {
            assert!(refused(bad, &settings), "{bad}");
        }
        assert!(refused(&format!("https://example.com/{}", "x".repeat(LONGEST_URL)), &settings));
    }

    /// However an address is written, it is the same one.
    #[test]
    fn internal_addresses_are_refused_in_every_form() {
        let settings = config::Config::default().webhooks;
        for bad in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://0x7f.1/",
            "http://%31%32%37.0.0.1/",
            "http://①②⑦.0.0.1/",
            "http://127.0.0.1./",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[fd00::1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://0/",
            "http://10.0.0.1:8080/",
        ] {
            assert!(refused(bad, &settings), "{bad}");
        }
    }

    #[test]
    fn https_only_refuses_http() {
        let settings = config::Webhooks { https_only: true, ..config::Config::default().webhooks };
        assert!(refused("http://example.com/", &settings));
        assert!(!refused("https://example.com/", &settings));
    }
}
