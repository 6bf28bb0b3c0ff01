//! `GET /media/{organization}/{file}/{digest}`: the content of a file that the storefront shows.
//!
//! Input: a token of the storefront, or none where it serves visitors; `If-None-Match`, `Range`, `If-Range`. Output: the
//! bytes with their stored type. They come from whoever uploaded them, so a browser runs nothing in them, and shows only
//! pictures by itself. At the address of its own digest a content never changes.

use std::str::FromStr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, Charset,
    ContentDisposition, ContentEncoding, ContentType, DispositionParam, DispositionType, ETAG, ExtendedValue, IF_RANGE,
    RANGE, Range,
};
use actix_web::mime::{self, Mime};
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::{address, answer, etag, extract, metadata, rate};
use crate::acl::{Caller, Locale, Principal};
use crate::app::App;
use crate::auth::Api;
use crate::error::{Error, Errors};
use crate::network::Networks;
use crate::storefront::media::{self, Media};

/// Below it lie the contents.
pub const ROOT: &str = "/media/";

/// Pictures that a browser may show in a page of its own; no SVG, which can hold scripts.
const SHOWN: &[&str] = &["image/avif", "image/gif", "image/jpeg", "image/png", "image/webp"];

/// Signs that change the direction of what follows: with one of them, `fig.exe` reads as `exe.gif`.
const TURNING: &[char] = &[
    '\u{061c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

pub fn routes(service: &mut ServiceConfig) {
    service.service(metadata::document(&format!("{ROOT}{{organization}}/{{file}}/{{digest}}"), show));
}

async fn show(request: HttpRequest, path: Path<(String, String, String)>, app: web::Data<App>) -> HttpResponse {
    let (organization, file, digest) = path.into_inner();
    match respond(&request, &app, &organization, &file, &digest).await {
        Ok(response) => response,
        Err(errors) => answer::refuse(&request, &errors),
    }
}

async fn respond(
    request: &HttpRequest,
    app: &web::Data<App>,
    organization: &str,
    file: &str,
    digest: &str,
) -> Result<HttpResponse, Errors> {
    address::admit(request, app, Api::Storefront)?;
    let organization = organization.parse().ok();
    let caller = caller(request, app, organization.unwrap_or_default()).await?;
    let uuid = Uuid::try_parse(file).ok().filter(|_| organization == Some(caller.organization));
    let Some(uuid) = uuid else { return Err(Error::not_found().into()) };
    let asking = caller.clone();
    let media =
        app.db.run(move |conn| media::find(conn, &asking, uuid)).await.map_err(|error| refused(error, &caller))?;
    let tag = format!("\"{}\"", media.digest);
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, tag.clone())).insert_header((ACCEPT_RANGES, "bytes"));
    response.insert_header((CACHE_CONTROL, caching(&media, &caller, digest)));
    if etag::is_known(request, &tag) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    let (from, length) = match asked(request, &media, &tag) {
        Asked::All => (0, media.bytes),
        Asked::Part(from, to) => {
            response.status(StatusCode::PARTIAL_CONTENT);
            response.insert_header((CONTENT_RANGE, format!("bytes {from}-{to}/{}", media.bytes)));
            (from, to - from + 1)
        }
        Asked::Beyond => {
            response.status(StatusCode::RANGE_NOT_SATISFIABLE);
            return Ok(response.insert_header((CONTENT_RANGE, format!("bytes */{}", media.bytes))).finish());
        }
    };
    let kind = Mime::from_str(&media.mime_type).unwrap_or(mime::APPLICATION_OCTET_STREAM);
    response.insert_header((CONTENT_DISPOSITION, disposition(&media, &kind)));
    response.insert_header(ContentType(kind));
    response.insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'"));
    // A part of a packed content would be no part of the content.
    response.insert_header(ContentEncoding::Identity);
    let organization = caller.organization;
    let bytes = app.db.run(move |conn| media::content(conn, organization, &media, (from, length))).await?;
    Ok(response.body(bytes))
}

/// Who calls: without credentials, a visitor of the organization, where there are visitors.
async fn caller(request: &HttpRequest, app: &App, organization: i64) -> Result<Arc<Caller>, Error> {
    if !app.config.api.visitors || is_known(request) {
        return extract::caller(request, app, Api::Storefront).await;
    }
    let visitor = Caller {
        organization,
        principal: Principal::Visitor(0),
        client: String::new(),
        permissions: Default::default(),
        networks: Networks::default(),
        locale: Locale::default(),
    };
    rate::count(request, app, &visitor)?;
    Ok(Arc::new(visitor))
}

fn is_known(request: &HttpRequest) -> bool {
    let credentials = extract::credentials(request);
    credentials.authorization.is_some() || credentials.wsse.is_some()
}

/// Who sent no credentials is asked for them.
fn refused(error: Error, caller: &Caller) -> Error {
    let anonymous = caller.principal == Principal::Visitor(0);
    if anonymous && error.status() == 403 { Error::unauthenticated() } else { error }
}

/// How long an answer may be kept, and by whom. What belongs to someone is asked for again each time.
fn caching(media: &Media, caller: &Caller, digest: &str) -> &'static str {
    let lasting = digest.len() >= 32 && media.digest.starts_with(digest);
    match (media.public, lasting, &caller.principal) {
        (true, true, Principal::Visitor(_)) => "public, max-age=31536000, immutable",
        (true, true, _) => "private, max-age=31536000, immutable",
        _ => "private, no-cache",
    }
}

/// Which bytes a request asks for.
enum Asked {
    All,
    /// From the first to the last of them.
    Part(u64, u64),
    Beyond,
}

/// One range is answered; several at once, or of another content than this, get all of it (RFC 9110, 14.2).
fn asked(request: &HttpRequest, media: &Media, tag: &str) -> Asked {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let same = text(IF_RANGE).is_none_or(|given| given == tag);
    match text(RANGE).filter(|_| same).map(Range::from_str) {
        Some(Ok(Range::Bytes(parts))) if parts.len() == 1 => {
            let range = parts.first().and_then(|part| part.to_satisfiable_range(media.bytes));
            range.map_or(Asked::Beyond, |(from, to)| Asked::Part(from, to))
        }
        _ => Asked::All,
    }
}

fn disposition(media: &Media, kind: &Mime) -> ContentDisposition {
    let shown = SHOWN.contains(&kind.essence_str());
    let disposition = if shown { DispositionType::Inline } else { DispositionType::Attachment };
    let name = media.name.as_deref().and_then(file_name).map(|name| {
        let value = name.into_bytes();
        DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value,
        })
    });
    ContentDisposition { disposition, parameters: name.into_iter().collect() }
}

/// What a file may be stored as by who fetches it (RFC 6266, 4.3): its name without folders, and without signs that a page does
/// not show, which could make it look like another name. `None`: nothing is left of it.
fn file_name(stored: &str) -> Option<String> {
    let last = stored.rsplit(['/', '\\']).next()?;
    let name: String = last.chars().filter(|sign| !sign.is_control() && !TURNING.contains(sign)).collect();
    let name = name.trim();
    (!matches!(name, "" | "." | "..")).then(|| name.to_owned())
}
