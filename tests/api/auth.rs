//! Tokens and callers.

mod account;
mod command;
mod customer_users;
mod grant;
mod groups;
mod hidden;
mod levels;
mod log;
mod metadata;
mod oauth2_client;
mod refusal;
mod returned;
mod revocation;
mod rights;
mod token;

use reqwest::Method;
use serde_json::Value;

use crate::support::client::{Answer, Client};
use crate::support::organization::{Organization, User};

/// Any request that needs a caller of the back office.
const PROBE: &str = "/admin/api/businessunits";

/// A token request as a form.
pub(crate) fn ask(client: &Client, parameters: &[(&str, &str)]) -> Answer {
    ask_at(client, "/oauth2-token", parameters)
}

fn ask_at(client: &Client, path: &str, parameters: &[(&str, &str)]) -> Answer {
    let body = form(parameters);
    client.send(Method::POST, path, |request| {
        request.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    })
}

fn form(parameters: &[(&str, &str)]) -> String {
    let encode =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

/// A client with the grant `password`, and its secret.
pub(crate) fn password_client(organization: &Organization) -> (String, String) {
    password_client_of(organization, entrepot::auth::Api::Admin)
}

/// The same, of that API.
pub(crate) fn password_client_of(organization: &Organization, api: entrepot::auth::Api) -> (String, String) {
    use entrepot::auth::clients::{Grant, NewClient, create};
    use entrepot::auth::secret::ServerKey;
    let key = ServerKey::parse(crate::support::server::KEY).unwrap();
    let made = organization.write(|conn| {
        let client = NewClient {
            id: None,
            name: "Login",
            organization: organization.id(),
            grant: Grant::Password,
            api,
            owner: None,
            secret: None,
            public: false,
            networks: Default::default(),
        };
        create(conn, &key, &client)
    });
    (made.id, made.secret.unwrap())
}

/// The answer to a login with the tests' password.
pub(crate) fn log_in(organization: &Organization, (id, secret): &(String, String), user: &User) -> Answer {
    ask(
        &organization.server.client(),
        &[
            ("grant_type", "password"),
            ("client_id", id),
            ("client_secret", secret),
            ("username", &user.username),
            ("password", crate::support::organization::PASSWORD),
        ],
    )
}

pub(crate) fn refresh(organization: &Organization, (id, secret): &(String, String), token: &str) -> Answer {
    let parameters = [
        ("grant_type", "refresh_token"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
        ("refresh_token", token),
    ];
    ask(&organization.server.client(), &parameters)
}

/// A text member of a token answer.
pub(crate) fn member(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", answer.text)).to_owned()
}

/// The claims of a token, unverified.
fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Value {
    use base64::Engine;
    let text = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}
