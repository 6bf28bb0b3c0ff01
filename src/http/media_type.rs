//! Content negotiation: JSON:API, whichever way known clients ask for it (contract 2, with JSON:API 1.1's parameters).

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderName};

use super::answer::JSON_API;
use crate::error::{Error, NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE};

/// The profile under which the specification wins where it and OroCommerce differ.
const STRICT: &str = "urn:entrepot:profile:strict";

/// How an answer is to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub strict: bool,
}

/// One media range or type with its parameters, quality left out.
#[derive(Debug)]
struct MediaType {
    essence: String,
    parameters: Vec<(String, String)>,
    /// A quality of zero: the client does not want it.
    excluded: bool,
}

impl MediaType {
    fn is_json_api(&self) -> bool {
        self.essence == JSON_API
    }

    /// Whether the only parameters are ones that JSON:API 1.1 defines and this server knows.
    fn has_known_parameters(&self) -> bool {
        self.parameters.iter().all(|(name, _)| name == "profile")
    }

    fn names_profile(&self, uri: &str) -> bool {
        self.parameters
            .iter()
            .any(|(name, value)| name == "profile" && value.split_ascii_whitespace().any(|given| given == uri))
    }
}

/// Agrees on the media types of a request. 406 for an Accept that allows no JSON:API, 415 for a body that is none.
pub fn negotiate(request: &HttpRequest, method: &Method) -> Result<Profile, Error> {
    let accept = header(request, &ACCEPT);
    let mut ranges: Vec<MediaType> = accept.iter().flat_map(|value| split(value, ',')).filter_map(parse).collect();
    let any = !ranges.is_empty();
    ranges.retain(|range| !range.excluded);
    let has_body = !matches!(*method, Method::GET | Method::HEAD | Method::DELETE)
        || request.headers().contains_key("transfer-encoding")
        || request.headers().get("content-length").is_some_and(|length| length != "0");
    if has_body {
        content_type(request)?;
    }
    // Where JSON:API is named, one of its instances must do, whatever else is allowed.
    let named = ranges.iter().any(MediaType::is_json_api);
    let acceptable = |range: &MediaType| match range.essence.as_str() {
        "*/*" | "application/*" | "application/json" => !named,
        _ => range.is_json_api() && range.has_known_parameters(),
    };
    if any && !ranges.iter().any(acceptable) {
        let text = if named {
            "The header \"Accept\" should contain at least one instance of \"application/vnd.api+json\" without media type parameters other than \"profile\"."
        } else {
            "The header \"Accept\" should allow \"application/vnd.api+json\"."
        };
        return Err(Error::new(&NOT_ACCEPTABLE, text).header("Accept"));
    }
    Ok(Profile { strict: ranges.iter().any(|range| range.is_json_api() && range.names_profile(STRICT)) })
}

fn content_type(request: &HttpRequest) -> Result<(), Error> {
    let values = header(request, &CONTENT_TYPE);
    let Some(given) = values.first().and_then(|value| parse(value)) else { return Ok(()) };
    let known = match given.essence.as_str() {
        essence if essence == JSON_API => given.has_known_parameters(),
        "application/json" => true,
        _ => false,
    };
    if known {
        return Ok(());
    }
    let text = if given.is_json_api() {
        "The header \"Content-Type\" should be \"application/vnd.api+json\" without media type parameters other than \"profile\".".to_owned()
    } else {
        format!("The header \"Content-Type\" should be \"application/vnd.api+json\". Given \"{}\".", given.essence)
    };
    Err(Error::new(&UNSUPPORTED_MEDIA_TYPE, text).header("Content-Type"))
}

fn header(request: &HttpRequest, name: &HeaderName) -> Vec<String> {
    request.headers().get_all(name).filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
}

fn parse(text: &str) -> Option<MediaType> {
    let mut parts = split(text, ';').into_iter();
    let essence = parts.next()?.trim().to_ascii_lowercase();
    let mut parameters: Vec<(String, String)> = parts
        .filter_map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = name.trim().to_ascii_lowercase();
            (!name.is_empty()).then(|| (name, value.trim().trim_matches('"').to_owned()))
        })
        .collect();
    let excluded = parameters.iter().any(|(name, value)| name == "q" && value.parse() == Ok(0.0));
    parameters.retain(|(name, _)| name != "q");
    (!essence.is_empty()).then_some(MediaType { essence, parameters, excluded })
}

/// Splits at a separator that is not inside a quoted string.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|char| {
        quoted ^= char == '"';
        char == separator && !quoted
    })
    .collect()
}
