//! A request for an authorization code (RFC 6749, 4.1; RFC 7636): which client asks, where it may be answered to, and
//! what is wrong with the rest.
//!
//! As long as client and redirect URI are not both good, nothing may be sent anywhere: the user gets a page. After that
//! every fault is told to the client by a redirect.

use std::collections::HashMap;

use diesel::prelude::*;

use super::clients::Grant;
use super::{AccessError, Api, Auth, redirect};
use crate::schema::{oauth_client, organization};

/// A client that may ask for codes.
#[derive(Clone, Debug, Queryable)]
pub struct Application {
    pub id: String,
    /// What users know it by.
    pub name: String,
    pub organization: i64,
    pub organization_name: String,
    pub confidential: bool,
    redirect_uris: Vec<String>,
    plain_pkce: bool,
    /// Whether users are not asked.
    pub skip_consent: bool,
}

/// The application of that identifier, active, of that API.
pub fn application(
    conn: &mut PgConnection,
    auth: &Auth,
    api: Api,
    id: &str,
) -> Result<Option<Application>, AccessError> {
    if !auth.apis.enabled(api) {
        return Ok(None);
    }
    let found = oauth_client::table
        .inner_join(organization::table.on(organization::id.eq(oauth_client::organization_id)))
        .filter(oauth_client::id.eq(id).and(oauth_client::api.eq(api.name())))
        .filter(oauth_client::active.and(organization::enabled))
        .filter(oauth_client::grants.contains(vec![Grant::AuthorizationCode.name()]))
        .select((
            oauth_client::id,
            oauth_client::name,
            oauth_client::organization_id,
            organization::name,
            oauth_client::confidential,
            oauth_client::redirect_uris,
            oauth_client::plain_pkce,
            oauth_client::skip_consent,
        ))
        .first(conn)
        .optional()?;
    Ok(found)
}

/// Where the answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub uri: String,
    /// Whether the request named it.
    pub given: bool,
}

/// What the code's exchange has to prove (RFC 7636).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub text: String,
    pub method: ChallengeMethod,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeMethod {
    S256,
    Plain,
}

impl ChallengeMethod {
    pub const fn name(self) -> &'static str {
        match self {
            ChallengeMethod::S256 => "S256",
            ChallengeMethod::Plain => "plain",
        }
    }

    pub fn parse(name: &str) -> Option<ChallengeMethod> {
        [ChallengeMethod::S256, ChallengeMethod::Plain].into_iter().find(|method| method.name() == name)
    }
}

/// Why the client gets no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub error: &'static str,
    pub description: &'static str,
    pub hint: String,
}

impl Fault {
    /// The user does not want it.
    pub fn denied() -> Fault {
        Fault {
            error: "access_denied",
            description: "The resource owner or authorization server denied the request.",
            hint: "The user denied the request".to_owned(),
        }
    }

    /// The storefront is for those who log in.
    pub fn no_visitors() -> Fault {
        Fault { hint: "Visitors have no access".to_owned(), ..Fault::denied() }
    }

    fn invalid(hint: impl Into<String>) -> Fault {
        Fault {
            error: "invalid_request",
            description: "The request is missing a required parameter, includes an invalid parameter value, includes a \
                          parameter more than once, or is otherwise malformed.",
            hint: hint.into(),
        }
    }
}

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub struct Parameters(pub HashMap<String, String>);

impl Parameters {
    /// A parameter that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl Application {
    /// Where the answer goes; `None`: the redirect URI is none of the client's, or it has several and none is named.
    pub fn target(&self, parameters: &Parameters) -> Option<Target> {
        match (parameters.get("redirect_uri"), self.redirect_uris.as_slice()) {
            (Some(given), registered) => {
                redirect::matching(registered, given, !self.confidential).map(|uri| Target { uri, given: true })
            }
            (None, [only]) => Some(Target { uri: only.clone(), given: false }),
            (None, _) => None,
        }
    }

    /// The rest of the request: PKCE is obligatory for public clients, and `plain` for nobody who is not allowed it.
    pub fn challenge(&self, parameters: &Parameters) -> Result<Option<Challenge>, Fault> {
        match parameters.get("response_type") {
            Some("code") => {}
            None => return Err(Fault::invalid("Check the `response_type` parameter")),
            Some(_) => {
                return Err(Fault {
                    error: "unsupported_response_type",
                    description: "The authorization server does not support obtaining an authorization code using \
                                  this method.",
                    hint: "`response_type` must be `code`".to_owned(),
                });
            }
        }
        if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(Fault::invalid("`response_mode` can only be `query`"));
        }
        let Some(text) = parameters.get("code_challenge") else {
            return match parameters.get("code_challenge_method") {
                Some(_) => Err(Fault::invalid("Check the `code_challenge` parameter")),
                None if self.confidential => Ok(None),
                None => Err(Fault::invalid("Code challenge must be provided for public clients")),
            };
        };
        let named = parameters.get("code_challenge_method").unwrap_or("plain");
        let method = ChallengeMethod::parse(named).filter(|method| self.plain_pkce || *method == ChallengeMethod::S256);
        let Some(method) = method else {
            return Err(Fault::invalid("Code challenge method must be `S256`"));
        };
        let sound = match method {
            // 256 bits in base64.
            ChallengeMethod::S256 => text.len() == 43 && text.bytes().all(is_verifier_byte),
            ChallengeMethod::Plain => is_verifier(text),
        };
        if !sound {
            return Err(Fault::invalid("Code challenge must follow the specifications of RFC-7636."));
        }
        Ok(Some(Challenge { text: text.to_owned(), method }))
    }
}

/// Whether a text has the form of a code verifier.
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(is_verifier_byte)
}

fn is_verifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}
