//! The token endpoint's language (RFC 6749, contract section 24): a request from a form or JSON body and Basic
//! credentials, and the documents of success and refusal.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use oauth2::basic::{BasicErrorResponseType, BasicTokenType};
use oauth2::{AccessToken, EmptyExtraTokenFields, RefreshToken, StandardTokenResponse};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A request for a token.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TokenRequest {
    parameters: HashMap<String, String>,
    /// The client's identifier and secret from `Authorization: Basic`.
    basic: Option<(String, String)>,
}

impl TokenRequest {
    /// Reads a request. `authorization` and `content_type` are the headers of these names.
    pub fn read(
        content_type: Option<&str>,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Result<TokenRequest, Box<Refusal>> {
        let basic = authorization.and_then(basic_credentials);
        let media_type = content_type.unwrap_or("application/x-www-form-urlencoded");
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let parameters = match media_type.as_str() {
            "application/x-www-form-urlencoded" => form(body)?,
            "application/json" | "application/vnd.api+json" => object(body)?,
            _ => {
                return Err(Refusal::malformed(
                    "Send the parameters as `application/x-www-form-urlencoded` or `application/json`",
                ));
            }
        };
        Ok(TokenRequest { parameters, basic })
    }

    /// A parameter that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter that the grant needs.
    pub fn require(&self, name: &'static str) -> Result<&str, Box<Refusal>> {
        self.get(name).ok_or_else(|| Refusal::check(name))
    }

    /// The client's identifier; the body's goes before the header's.
    pub fn client_id(&self) -> Result<&str, Box<Refusal>> {
        self.get("client_id")
            .or(self.basic.as_ref().map(|(id, _)| id.as_str()))
            .filter(|id| !id.is_empty())
            .ok_or_else(|| Refusal::check("client_id"))
    }

    /// What the client's secret may be. RFC 6749 has the parts of Basic credentials percent-encoded, and many clients
    /// do not do it: both readings are tried.
    pub fn client_secrets(&self) -> Vec<String> {
        if let Some(secret) = self.get("client_secret") {
            return vec![secret.to_owned()];
        }
        let Some((_, plain)) = self.basic.as_ref().filter(|(_, secret)| !secret.is_empty()) else { return Vec::new() };
        let mut readings = vec![plain.clone()];
        if let Ok(decoded) = percent_decode_str(&plain.replace('+', " ")).decode_utf8()
            && decoded != *plain
        {
            readings.push(decoded.into_owned());
        }
        readings
    }
}

fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, text) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = text.trim();
    let bytes = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    is_text(text.as_str()).then(|| (id.to_owned(), secret.to_owned()))
}

/// Whether the database can hold it: no name and no password has NUL.
fn is_text(value: &str) -> bool {
    !value.contains('\0')
}

pub(crate) fn form(body: &[u8]) -> Result<HashMap<String, String>, Box<Refusal>> {
    let mut parameters = HashMap::new();
    let body = std::str::from_utf8(body).map_err(|_| Refusal::malformed("The body must be UTF-8"))?;
    for pair in body.trim_end_matches(['\r', '\n']).split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().map(|text| text.into_owned());
        let (Ok(name), Ok(value)) = (decode(name), decode(value)) else {
            return Err(Refusal::malformed("The body must be UTF-8"));
        };
        if parameters.contains_key(&name) || !is_text(&value) {
            return Err(Refusal::check(&name));
        }
        parameters.insert(name, value);
    }
    Ok(parameters)
}

fn object(body: &[u8]) -> Result<HashMap<String, String>, Box<Refusal>> {
    let object: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| Refusal::malformed("The body must be a JSON object"))?;
    let mut parameters = HashMap::new();
    for (name, value) in object {
        match value {
            Value::String(text) if is_text(&text) => drop(parameters.insert(name, text)),
            Value::Null => {}
            _ => return Err(Refusal::check(&name)),
        }
    }
    Ok(parameters)
}

/// A granted token.
pub struct Issued {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_in: Duration,
    /// The access tokens that it takes the place of.
    pub ended: Vec<Uuid>,
}

impl Issued {
    /// The document of success.
    pub fn document(self) -> StandardTokenResponse<EmptyExtraTokenFields, BasicTokenType> {
        let bearer = BasicTokenType::Extension("Bearer".to_owned());
        let token = AccessToken::new(self.access_token);
        let mut document = StandardTokenResponse::new(token, bearer, EmptyExtraTokenFields {});
        document.set_expires_in(Some(&self.expires_in));
        document.set_refresh_token(self.refresh_token.map(RefreshToken::new));
        document
    }
}

/// Why no token is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub error: BasicErrorResponseType,
    pub status: u16,
    pub message: &'static str,
    pub hint: Option<String>,
    /// Seconds, for the header `Retry-After`.
    pub retry_after: Option<u64>,
    /// The access tokens that a second use has ended.
    pub ended: Vec<Uuid>,
}

const MALFORMED: &str = "The request is missing a required parameter, includes an invalid parameter value, \
    includes a parameter more than once, or is otherwise malformed.";

impl Refusal {
    fn new(error: BasicErrorResponseType, status: u16, message: &'static str) -> Refusal {
        Refusal { error, status, message, hint: None, retry_after: None, ended: Vec::new() }
    }

    fn hint(mut self, hint: impl Into<String>) -> Box<Refusal> {
        self.hint = Some(hint.into());
        Box::new(self)
    }

    /// A parameter is missing, repeated or not a text.
    pub fn check(parameter: &str) -> Box<Refusal> {
        Refusal::malformed(format!("Check the `{parameter}` parameter"))
    }

    pub fn malformed(hint: impl Into<String>) -> Box<Refusal> {
        Refusal::new(BasicErrorResponseType::InvalidRequest, 400, MALFORMED).hint(hint)
    }

    /// Unknown, revoked, wrong secret, or bound to another grant: not told apart.
    pub fn invalid_client() -> Box<Refusal> {
        Box::new(Refusal::new(BasicErrorResponseType::InvalidClient, 401, "Client authentication failed"))
    }

    pub fn unsupported_grant() -> Box<Refusal> {
        let message = "The authorization grant type is not supported by the authorization server.";
        Refusal::new(BasicErrorResponseType::UnsupportedGrantType, 400, message)
            .hint("Check that all required parameters have been provided")
    }

    pub fn wrong_credentials() -> Box<Refusal> {
        Box::new(Refusal::new(BasicErrorResponseType::InvalidGrant, 400, "The user credentials were incorrect."))
    }

    /// Why an account cannot be used. Told only to who has the right password.
    pub fn account(why: &str) -> Box<Refusal> {
        Refusal::wrong_credentials().hint(why)
    }

    pub fn code(hint: &str) -> Box<Refusal> {
        Refusal::new(BasicErrorResponseType::InvalidGrant, 400, "The authorization code is invalid.").hint(hint)
    }

    pub fn refresh_token(hint: &str) -> Box<Refusal> {
        Refusal::new(BasicErrorResponseType::InvalidGrant, 400, "The refresh token is invalid.").hint(hint)
    }

    /// A token that another client was given.
    pub fn token_of_another() -> Box<Refusal> {
        Refusal::new(BasicErrorResponseType::InvalidGrant, 400, "The token is not one of the client's.")
            .hint("Token is not linked to client")
    }

    /// Too many attempts, or too many passwords waiting to be checked.
    pub fn slow_down(wait: Duration) -> Box<Refusal> {
        let error = BasicErrorResponseType::Extension("temporarily_unavailable".to_owned());
        let mut refusal = Refusal::new(error, 429, "Too many attempts to log in; wait before the next one.");
        // Rounded up: who comes back at that second must not be refused again.
        refusal.retry_after = Some(wait.as_millis().div_ceil(1000).max(1) as u64);
        Box::new(refusal)
    }

    /// The refusal of a second use, which has ended those access tokens.
    pub fn ending(mut self: Box<Refusal>, ended: Vec<Uuid>) -> Box<Refusal> {
        self.ended = ended;
        self
    }

    /// The document of a refusal.
    pub fn document(&self) -> Value {
        let mut document = json!({
            "error": self.error.as_ref(),
            "error_description": self.message,
            "message": self.message,
        });
        if let (Some(hint), Some(members)) = (&self.hint, document.as_object_mut()) {
            members.insert("hint".to_owned(), Value::from(hint.as_str()));
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=UTF-8");

    #[test]
    fn nul_is_no_part_of_a_text() {
        let hint = |refusal: Box<Refusal>| refusal.hint.unwrap_or_default();
        let form = TokenRequest::read(FORM, None, b"username=a%00b").map(drop).map_err(hint);
        assert_eq!(form, Err("Check the `username` parameter".to_owned()));
        let json = TokenRequest::read(Some("application/json"), None, b"{\"username\": \"a\\u0000b\"}");
        assert_eq!(json.map(drop).map_err(hint), Err("Check the `username` parameter".to_owned()));
        let basic = format!("Basic {}", STANDARD.encode("cli\0ent:secret"));
        let request = TokenRequest::read(FORM, Some(&basic), b"").map_err(hint).unwrap();
        assert!(request.client_id().is_err());
    }

    #[test]
    fn a_form_and_json_say_the_same() {
        let form = TokenRequest::read(FORM, None, b"grant_type=password&username=a%40b+c&password=%26&x=\r\n").ok();
        let json = br#"{"grant_type": "password", "username": "a@b c", "password": "&", "x": "", "y": null}"#;
        let json = TokenRequest::read(Some("application/json"), None, json).ok();
        assert!(form.is_some() && form == json);
        assert_eq!(form.as_ref().and_then(|form| form.get("username")), Some("a@b c"));
        assert_eq!(form.as_ref().and_then(|form| form.get("x")), None, "an empty parameter counts as missing");
    }

    #[test]
    fn what_is_malformed_names_the_parameter() {
        let hint = |content_type, body: &[u8]| match TokenRequest::read(content_type, None, body) {
            Err(refusal) => refusal.hint.unwrap_or_default(),
            Ok(_) => "accepted".to_owned(),
        };
        assert_eq!(hint(FORM, b"grant_type=a&grant_type=b"), "Check the `grant_type` parameter");
        assert_eq!(hint(FORM, b"a=%ff"), "The body must be UTF-8");
        assert_eq!(hint(Some("application/json"), br#"{"client_id": 1}"#), "Check the `client_id` parameter");
        assert_eq!(hint(Some("application/json"), b"[]"), "The body must be a JSON object");
        assert!(hint(Some("text/plain"), b"").contains("application/json"));
        assert_eq!(hint(None, b"a=b"), "accepted");
    }

    #[test]
    fn basic_credentials_are_read_plain_and_percent_encoded() {
        let header = format!("basic {}", STANDARD.encode("erp:a%2Bb:c"));
        let request = TokenRequest::read(FORM, Some(&header), b"").ok().unwrap();
        assert_eq!(request.client_id().ok(), Some("erp"));
        assert_eq!(request.client_secrets(), ["a%2Bb:c", "a+b:c"]);
        let request = TokenRequest::read(FORM, Some(&header), b"client_id=shop&client_secret=s").ok().unwrap();
        assert_eq!((request.client_id().ok(), request.client_secrets()), (Some("shop"), vec!["s".to_owned()]));
        for header in ["Basic", "Basic !", "Bearer abc", &format!("Basic {}", STANDARD.encode("erp"))] {
            assert!(TokenRequest::read(FORM, Some(header), b"").ok().unwrap().client_secrets().is_empty(), "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_sent_panics(kind in "(application/(json|x-www-form-urlencoded))?.{0,20}", header in "(Basic )?.{0,60}",
            body in proptest::collection::vec(proptest::num::u8::ANY, 0..200), form in "[a-c=&%0-9f+]{0,60}") {
            for body in [body.as_slice(), form.as_bytes()] {
                if let Ok(request) = TokenRequest::read(Some(&kind), Some(&header), body) {
                    let _ = (request.client_id(), request.client_secrets());
                }
            }
        }
    }

    #[test]
    fn refusals_have_the_members_of_the_contract() {
        let document = Refusal::check("client_id").document();
        assert_eq!(document["error"], "invalid_request");
        assert_eq!(document["message"], document["error_description"]);
        assert_eq!(document["hint"], "Check the `client_id` parameter");
        assert!(Refusal::invalid_client().document().get("hint").is_none());
    }
}
