//! What a person sees when the demonstration is up: where it is, how to log in, and a first request to paste.

use std::net::{IpAddr, SocketAddr};

use crate::auth::demo::BUYER;
use crate::config::Config;
use crate::demo::credentials::Credentials;

/// The lines for the terminal.
pub fn text(config: &Config, addresses: &[(SocketAddr, &str)], credentials: &Credentials) -> String {
    let bound = addresses.first().map(|(address, scheme)| format!("{scheme}://{}", reachable(*address)));
    let base = config.http.public_url.clone().or(bound).unwrap_or_default();
    let (admin, storefront) = (&config.http.admin_root, &config.http.storefront_root);
    let password = credentials.admin_password.reveal();
    let buyer = credentials.buyer_password.reveal();
    let secret = credentials.client_secret.reveal();
    format!(
        r#"
Entrepot serves at {base}

  Back office API   {base}{admin}
  Storefront API    {base}{storefront}
  Swagger UI        {base}{admin}/doc
                    {base}{storefront}/doc
  Health            {base}/health/ready

  User              admin, password {password}
  Customer user     {BUYER}, password {buyer}
  OAuth clients     demo-erp and demo-shop (client_credentials), demo-password (password),
                    demo-storefront (password, of customer users),
                    demo-app and demo-storefront-app (authorization_code, public)
  Client secret     {secret}

A first request:

  curl -sg -H "Authorization: Bearer $(curl -s {base}/oauth2-token -d grant_type=client_credentials -d client_id=demo-erp --data-urlencode 'client_secret={quoted}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')" '{base}{admin}/products?page[size]=2'

Ctrl-C stops the server and its database.
"#,
        quoted = secret.replace('\'', r"'\''"),
    )
}

/// An address to connect to, where the server listens on all of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port())),
        _ => address,
    }
}
