//! Which web pages of other origins may call (contract section 18).

use super::source::Source;

/// One block per kind of route; each is off until it lists origins.
#[derive(Clone, Debug)]
pub struct Cors {
    pub admin: CorsBlock,
    pub storefront: CorsBlock,
    /// The token endpoint, and what lies under `/.well-known/`.
    pub token: CorsBlock,
    /// The API documents.
    pub documents: CorsBlock,
}

/// What pages of other origins may do.
#[derive(Clone, Debug, Default)]
pub struct CorsBlock {
    /// Lower-case origins (`https://shop.example`), or `*` for every one.
    pub allow_origins: Vec<String>,
    /// Request headers beyond the contract's.
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read, beyond the contract's.
    pub expose_headers: Vec<String>,
    /// Whether browsers may send cookies along.
    pub allow_credentials: bool,
}

macro_rules! block {
    ($source:expr, $name:literal) => {{
        let source: &mut Source = $source;
        let block = CorsBlock {
            allow_origins: source.list(
                concat!("cors.", $name, ".allow_origins"),
                "a list of origins, such as [\"https://shop.example\"], or [\"*\"]",
                origin,
                String::clone,
            ),
            allow_headers: headers(source, concat!("cors.", $name, ".allow_headers")),
            expose_headers: headers(source, concat!("cors.", $name, ".expose_headers")),
            allow_credentials: source.flag(concat!("cors.", $name, ".allow_credentials"), false),
        };
        if block.allow_credentials && block.allow_origins.iter().any(|origin| origin == "*") {
            source.problem(format!(
                "cors.{0}.allow_credentials must be false while cors.{0}.allow_origins has \"*\": any page could act \
                 for its visitors.",
                $name
            ));
        }
        block
    }};
}

impl Cors {
    pub(super) fn read(source: &mut Source) -> Cors {
        Cors {
            admin: block!(source, "admin"),
            storefront: block!(source, "storefront"),
            token: block!(source, "token"),
            documents: block!(source, "documents"),
        }
    }
}

fn headers(source: &mut Source, key: &'static str) -> Vec<String> {
    source.list(key, "a list of header names, such as [\"X-Localization-ID\"]", header_name, String::clone)
}

/// Scheme and authority, as browsers send them.
fn origin(text: &str) -> Option<String> {
    if text == "*" {
        return Some(text.to_owned());
    }
    let (scheme, authority) = text.split_once("://")?;
    let sound = |part: &str, more: &[u8]| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    (sound(scheme, b"+-.") && sound(authority, b"-._:[]")).then(|| text.to_ascii_lowercase())
}

fn header_name(text: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (!text.is_empty() && text.bytes().all(allowed)).then(|| text.to_owned())
}
