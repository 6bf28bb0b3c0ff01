//! The route of the change feed.

use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{Components, PathItem, PathsBuilder, RefOr, Required, Response, ResponsesBuilder};

use super::responses::{self, errors};
use super::schema_ref;
use super::schemas::{boolean, described, integer, object, string, word};
use crate::engine::registry::Registry;
use crate::http::changes::{ACTIONS, MOST, is_told};
use crate::http::media_type::EVENTS;

const STATUSES: &[u16] = &[400, 401, 403, 406, 410, 429, 500, 503];
const TAG: &str = "changes";

pub fn tag() -> Tag {
    TagBuilder::new().name(TAG).description(Some("What was created, updated and deleted, in order.")).build()
}

pub fn path(paths: PathsBuilder, components: &mut Components, registry: &Registry) -> PathsBuilder {
    components.schemas.insert("change".to_owned(), change().into());
    components.schemas.insert("changes".to_owned(), document().into());
    paths.path(format!("{}/changes", registry.root), PathItem::new(HttpMethod::Get, operation(registry)))
}

fn operation(registry: &Registry) -> Operation {
    let mut operation = OperationBuilder::new()
        .operation_id(Some("list_changes"))
        .summary(Some("Follow the changes of all records"))
        .description(Some(
            "Every committed change of a record that the caller may view, once and in order; a record that leaves the \
             caller's view is told as deleted. Begin with `page[after]=` at the oldest change that is kept, or with \
             `links.last` for what comes from now on; go on with `links.next`, which is always there. With `wait` the \
             answer comes with the next change. With `Accept: text/event-stream` changes come as Server-Sent Events, \
             each a document of one change whose `id` is the cursor behind it.",
        ))
        .tag(TAG);
    for parameter in parameters(registry) {
        operation = operation.parameter(parameter);
    }
    let answer = ContentBuilder::new().schema(Some(schema_ref("changes"))).build();
    let events = ContentBuilder::new().schema(Some(string())).build();
    let mut found: Response =
        responses::document("The changes after the cursor; none, where there are none.", answer, &[]);
    found.content.insert(EVENTS.to_owned(), RefOr::T(events));
    operation.responses(errors(ResponsesBuilder::new().response("200", found), STATUSES)).build()
}

fn parameters(registry: &Registry) -> Vec<ParameterBuilder> {
    let plain = |name: &str, about: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .description(Some(about))
            .required(Required::False)
    };
    let list = |name: &str, about: &str, items: ObjectBuilder| {
        let list = ArrayBuilder::new().items(items);
        plain(name, about).style(Some(ParameterStyle::Form)).explode(Some(false)).schema(Some(list))
    };
    let moment = |operator: &str| {
        plain(&format!("filter[changedAt][{operator}]"), "When the change was asked for: a date, or a date and a time.")
            .schema(Some(string()))
    };
    let told = registry.resources.iter().filter(|resource| is_told(resource));
    let types: Vec<&str> = told.map(|resource| resource.name).collect();
    let mut all = vec![
        list("filter[type]", "Types of records.", word(&types)),
        list("filter[action]", "What happened, as it is told to the caller.", word(ACTIONS)),
        list("filter[id]", "Ids of records; of every type, where `filter[type]` names none.", string()),
    ];
    all.extend(["gt", "gte", "lt", "lte"].map(moment));
    all.extend([
        plain("page[after]", "A cursor; empty: before the oldest change that is kept. It is good for any filters.")
            .schema(Some(string())),
        plain(
            "page[size]",
            "The most changes in the answer; 0 shows the links alone. An event stream takes 1 to 100 at a time.",
        )
            .schema(Some(integer().minimum(Some(0)).maximum(Some(MOST)).default(Some(json!(100))))),
        plain(
            "wait",
            "Seconds to wait for a change where there is none yet; the server's `changes.longest_wait` is the most (60, if \
             nothing else is set). Who waits takes a place: 429 when the client, its organization or the server has none left.",
        )
        .schema(Some(integer().minimum(Some(0)))),
        list("include", "The records as they are now, once each, with the caller's rights.", word(&["resource"])),
        list("fields[changes]", "The members of changes to show.", string()),
        plain("fields", "The members to show of included records: `fields[type]=name,name`.")
            .style(Some(ParameterStyle::DeepObject))
            .explode(Some(true))
            .schema(Some(schema_ref("fields"))),
        ParameterBuilder::new()
            .name("Last-Event-ID")
            .parameter_in(ParameterIn::Header)
            .description(Some("With an event stream: the cursor to go on from; it counts more than `page[after]`."))
            .required(Required::False)
            .schema(Some(string())),
    ]);
    all
}

fn change() -> ObjectBuilder {
    let attributes = object()
        .property("resourceType", string())
        .property("resourceId", string())
        .property("action", word(ACTIONS))
        .property("fields", ArrayBuilder::new().items(string()).description(Some("The members that changed.")))
        .property("changedAt", string())
        .property("client", described(text_or_null(), "The API client that asked for it."));
    let linked = || object().property("data", identifier_or_null());
    let relationships =
        object().property("resource", linked()).property("user", linked()).property("customerUser", linked());
    object()
        .property("type", word(&["changes"]))
        .property("id", described(string(), "Its place in the organization's changes."))
        .property("meta", schema_ref("resource_meta"))
        .property("attributes", attributes)
        .property("relationships", relationships)
        .required("type")
        .required("id")
}

fn document() -> ObjectBuilder {
    let page = object()
        .property("cursor", described(string(), "Where to go on: that of `links.next`."))
        .property("more", described(boolean(), "Whether there is more already: ask again at once."));
    let links =
        ["self", "first", "next", "last"].into_iter().fold(object(), |links, name| links.property(name, string()));
    object()
        .property("jsonapi", schema_ref("jsonapi"))
        .property("data", ArrayBuilder::new().items(schema_ref("change")))
        .property("included", ArrayBuilder::new().items(schema_ref("included_resource")))
        .property("links", links)
        .property("meta", object().property("page", page))
        .required("data")
}

fn text_or_null() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null]))
}

fn identifier_or_null() -> AnyOfBuilder {
    let identifier =
        object().property("type", schema_ref("type")).property("id", string()).required("type").required("id");
    AnyOfBuilder::new().item(identifier).item(schema_ref("null"))
}
