//! The route of the contents of files, in the storefront's document.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{PathItem, PathsBuilder, Ref, Required, ResponsesBuilder};

use super::platform;
use super::responses::{document_as, empty, errors};
use super::schemas::{integer, string};
use crate::engine::registry::Registry;
use crate::http::media::ROOT;

const STATUSES: &[u16] = &[401, 403, 404, 429, 500, 503];
const TAG: &str = "media";

pub fn tag() -> Tag {
    TagBuilder::new().name(TAG).description(Some("Pictures and documents themselves.")).build()
}

pub fn path(paths: PathsBuilder, registry: &Registry) -> PathsBuilder {
    let path = format!("{ROOT}{{organization}}/{{file}}/{{digest}}");
    paths.path(path, PathItem::new(HttpMethod::Get, operation(registry)))
}

fn operation(registry: &Registry) -> Operation {
    let part = |name: &str, about: &str| {
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).description(Some(about));
        parameter.required(Required::True)
    };
    let header = |name: &str, about: &str| {
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).description(Some(about));
        parameter.required(Required::False).schema(Some(string()))
    };
    let content = || ContentBuilder::new().schema(Some(string())).build();
    let kept = ["etag", "cache_control", "accept_ranges"];
    let shown = [&kept[..], &["content_disposition"]].concat();
    let range = [&shown[..], &["content_range"]].concat();
    let answers = ResponsesBuilder::new()
        .response("200", document_as("*/*", "The content, with its own type.", content(), &shown))
        .response("206", document_as("*/*", "The part that was asked for.", content(), &range))
        .response("304", empty("The content has not changed.", &kept))
        .response("416", empty("The content has no such part.", &[&kept[..], &["content_range"]].concat()));
    let tokens = platform::security(registry);
    OperationBuilder::new()
        .operation_id(Some("get_media"))
        .summary(Some("The content of a picture or document"))
        .description(Some(
            "At the addresses that `productimages`, categories and documents of orders show. At the address with the digest \
             of the content it never changes, and may be kept. Where the server lets visitors in, what everybody may see \
             needs no token. Everything but common kinds of pictures is to be stored, not shown.",
        ))
        .tag(TAG)
        .securities(Some(tokens.into_iter().chain([SecurityRequirement::default()])))
        .parameter(part("organization", "The id of the organization.").schema(Some(integer())))
        .parameter(part("file", "The UUID of the file.").schema(Some(string())))
        .parameter(part("digest", "The beginning of the content's SHA-256, in hexadecimal digits.").schema(Some(string())))
        .parameter_ref(Ref::new("#/components/parameters/if_none_match"))
        .parameter(header("Range", "One range of bytes; several, or another unit, are answered by the whole."))
        .parameter(header("If-Range", "The `ETag` that the range is of; the whole is sent where it is another by now."))
        .responses(errors(answers, STATUSES))
        .build()
}
