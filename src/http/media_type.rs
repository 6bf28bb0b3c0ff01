//! Content negotiation: JSON:API, whichever way known clients ask for it (contract 2, with JSON:API 1.1's parameters).

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use actix_web::{HttpMessage, HttpRequest};

use super::answer::JSON_API;
use crate::engine::document::atomic::EXTENSION;
use crate::engine::split::Format;
use crate::error::{Error, NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE};

/// The profile under which the specification wins where it and OroCommerce differ.
const STRICT: &str = "urn:entrepot:profile:strict";

/// Media types of batches beside JSON:API.
pub const NDJSON: &str = "application/x-ndjson";
pub const CSV: &str = "text/csv";

/// What the body of a request at a place may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Document,
    /// Atomic operations, and nothing else.
    Operations,
    /// Many records, in any [`Format`].
    Batch,
}

/// How an answer is to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub strict: bool,
    /// Whether the extension for atomic operations is applied.
    pub atomic: bool,
}

impl Profile {
    /// What was agreed on with a request; nothing as long as nothing was.
    pub fn of(request: &HttpRequest) -> Profile {
        request.extensions().get::<Profile>().copied().unwrap_or_default()
    }

    /// The media type of the answers, errors included, with what is applied.
    pub const fn media_type(self) -> &'static str {
        match (self.strict, self.atomic) {
            (false, false) => JSON_API,
            (true, false) => "application/vnd.api+json; profile=\"urn:entrepot:profile:strict\"",
            (false, true) => "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"",
            (true, true) => {
                "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"; profile=\"urn:entrepot:profile:strict\""
            }
        }
    }
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

    /// Whether the only parameters are ones that JSON:API 1.1 defines and this server knows. `atomic`: the place takes
    /// atomic operations.
    fn has_known_parameters(&self, atomic: bool) -> bool {
        self.parameters.iter().all(|(name, value)| match name.as_str() {
            "profile" => true,
            "ext" => atomic && value.split_ascii_whitespace().all(|uri| uri == EXTENSION),
            _ => false,
        })
    }

    /// Whether the only parameters are those of a text in UTF-8 whose first line may be a header.
    fn is_utf8(&self) -> bool {
        self.parameters.iter().all(|(name, value)| match name.as_str() {
            "charset" => value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("us-ascii"),
            "header" => value.eq_ignore_ascii_case("present"),
            _ => false,
        })
    }

    fn is_extended(&self) -> bool {
        self.parameters.iter().any(|(name, _)| name == "ext")
    }

    fn names_profile(&self, uri: &str) -> bool {
        self.parameters
            .iter()
            .any(|(name, value)| name == "profile" && value.split_ascii_whitespace().any(|given| given == uri))
    }
}

/// Agrees on the media types of a request. 406 for an Accept that allows no JSON:API, 415 for a body that is none.
pub fn negotiate(request: &HttpRequest, method: &Method, takes: Takes) -> Result<Profile, Error> {
    let atomic = takes == Takes::Operations;
    let accept = header(request, &ACCEPT);
    let mut ranges: Vec<MediaType> = accept.iter().flat_map(|value| split(value, ',')).filter_map(parse).collect();
    let any = !ranges.is_empty();
    ranges.retain(|range| !range.excluded);
    let has_body = !matches!(*method, Method::GET | Method::HEAD | Method::DELETE)
        || request.headers().contains_key("transfer-encoding")
        || request.headers().get("content-length").is_some_and(|length| length != "0");
    if has_body {
        content_type(request, takes)?;
    }
    // Where JSON:API is named, one of its instances must do, whatever else is allowed.
    let named = ranges.iter().any(MediaType::is_json_api);
    let acceptable = |range: &MediaType| match range.essence.as_str() {
        "*/*" | "application/*" | "application/json" => !named,
        _ => range.is_json_api() && range.has_known_parameters(atomic),
    };
    if any && !ranges.iter().any(acceptable) {
        let text = if named {
            "The header \"Accept\" should contain at least one instance of \"application/vnd.api+json\" without media type parameters other than \"profile\"."
        } else {
            "The header \"Accept\" should allow \"application/vnd.api+json\"."
        };
        return Err(Error::new(&NOT_ACCEPTABLE, text).header("Accept"));
    }
    let strict = ranges.iter().any(|range| range.is_json_api() && range.names_profile(STRICT));
    let profile = Profile { strict, atomic };
    request.extensions_mut().insert(profile);
    Ok(profile)
}

/// The media type of event streams.
pub const EVENTS: &str = "text/event-stream";

/// Whether the client asks for an event stream.
pub fn wants_events(request: &HttpRequest) -> bool {
    let accept = header(request, &ACCEPT);
    let mut ranges = accept.iter().flat_map(|value| split(value, ',')).filter_map(parse);
    ranges.any(|range| range.essence == EVENTS && !range.excluded)
}

/// How the body of a batch is written; to be asked after [`negotiate`].
pub fn format(request: &HttpRequest) -> Format {
    let given = header(request, &CONTENT_TYPE).first().and_then(|value| parse(value));
    given.and_then(|given| table(&given.essence)).unwrap_or(Format::Json)
}

/// The format beside JSON:API that a media type names.
fn table(essence: &str) -> Option<Format> {
    match essence {
        NDJSON => Some(Format::Ndjson),
        CSV => Some(Format::Csv),
        _ => None,
    }
}

fn content_type(request: &HttpRequest, takes: Takes) -> Result<(), Error> {
    let values = header(request, &CONTENT_TYPE);
    let given = values.first().and_then(|value| parse(value));
    if takes == Takes::Operations {
        let applied =
            |given: &MediaType| given.is_json_api() && given.is_extended() && given.has_known_parameters(true);
        if given.as_ref().is_some_and(applied) {
            return Ok(());
        }
        let text = format!("The header \"Content-Type\" should be '{JSON_API}; ext=\"{EXTENSION}\"'.");
        return Err(Error::new(&UNSUPPORTED_MEDIA_TYPE, text).header("Content-Type"));
    }
    let Some(given) = given else { return Ok(()) };
    let known = match given.essence.as_str() {
        essence if essence == JSON_API => given.has_known_parameters(false),
        "application/json" => true,
        essence if takes == Takes::Batch && table(essence).is_some() => given.is_utf8(),
        _ => false,
    };
    if known {
        return Ok(());
    }
    let text = if given.is_json_api() {
        "The header \"Content-Type\" should be \"application/vnd.api+json\" without media type parameters other than \"profile\".".to_owned()
    } else if takes == Takes::Batch {
        format!(
            "The header \"Content-Type\" should be \"application/vnd.api+json\", \"{NDJSON}\" or \"{CSV}\", encoded in UTF-8. \
             Given \"{}\".",
            values.first().map(String::as_str).unwrap_or_default()
        )
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
