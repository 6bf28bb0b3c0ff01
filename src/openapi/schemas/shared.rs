//! Schemas that all resources share: links, meta, errors.

use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Components, RefOr, Schema};

use super::super::schema_ref;
use super::{boolean, described, integer, object, string, url, word};
use crate::engine::registry::Registry;
use crate::error::CODES;

/// What every document uses.
pub fn shared(components: &mut Components, registry: &Registry) {
    let mut add = |name: &str, schema: RefOr<Schema>| {
        components.schemas.insert(name.to_owned(), schema);
    };
    add("null", ObjectBuilder::new().schema_type(Type::Null).into());
    add(
        "jsonapi",
        object()
            .property("version", word(&["1.1"]))
            .required("version")
            .description(Some("The version of JSON:API."))
            .into(),
    );
    add(
        "links",
        object()
            .description(Some("Absolute URLs. Absent with `X-Include: noHateoas`."))
            .property("self", url())
            .property("related", url())
            .into(),
    );
    add(
        "page_links",
        object()
            .description(Some("Absolute URLs of this list and of its pages; a page that does not exist has no link."))
            .property("self", url())
            .property("related", url())
            .property("first", url())
            .property("prev", url())
            .property("next", url())
            .into(),
    );
    add(
        "resource_meta",
        object()
            .property("title", described(string(), "The record in words; with `meta=title`."))
            .property("dataId", described(string(), "The label that a request for many records gave to the record."))
            .property("includeId", described(string(), "The label that the request gave to a record it included."))
            .property(
                "page",
                object().property("cursor", described(string(), "This record's place in the list; in cursor mode.")),
            )
            .into(),
    );
    add(
        "list_meta",
        object()
            .property(
                "page",
                object().property(
                    "total",
                    integer().description(Some("The number of records that match; with `X-Include: totalCount`.")),
                ),
            )
            .into(),
    );
    let types: Vec<&str> = registry.resources.iter().map(|resource| resource.name).collect();
    add("type", ObjectBuilder::new().schema_type(Type::String).enum_values(Some(types)).into());
    add(
        "included_resource",
        object()
            .description(Some("A related resource object; its schema is the one named as its type."))
            .property("type", schema_ref("type"))
            .property("id", string())
            .property("meta", schema_ref("resource_meta"))
            .property("links", schema_ref("links"))
            .property("attributes", object())
            .property("relationships", object())
            .required("type")
            .required("id")
            .into(),
    );
    add(
        "included_item",
        object()
            .description(Some(
                "A record created, or with `meta.update` changed, in the same request. Its members are those of the \
                 create or update body of its type. It must be linked with the primary record by a relationship that \
                 the request states.",
            ))
            .property("type", schema_ref("type"))
            .property("id", described(string(), "The record's id, or for a new one any label unique in the request."))
            .property("meta", object().property("update", boolean()).property("upsert", schema_ref("upsert")))
            .property("attributes", object())
            .property("relationships", object())
            .required("type")
            .required("id")
            .into(),
    );
    add(
        "upsert",
        AnyOfBuilder::new()
            .description(Some(
                "Update the record if it exists, else create it: `true` or `[\"id\"]` finds it by its id, a list of \
                 names by the values that the request gives these members.",
            ))
            .item(boolean())
            .item(ArrayBuilder::new().items(string()).min_items(Some(1)))
            .into(),
    );
    add(
        "empty_document",
        object()
            .description(Some("The answer where a to-one relationship is empty."))
            .property("jsonapi", schema_ref("jsonapi"))
            .property("links", schema_ref("links"))
            .property("data", schema_ref("null"))
            .required("data")
            .into(),
    );
    add("errors", errors());
}

fn errors() -> RefOr<Schema> {
    let codes: Vec<&str> = CODES.iter().map(|code| code.name).collect();
    let error = object()
        .property("id", described(string(), "The id of the request, also in the header `X-Request-ID`."))
        .property("status", described(string().pattern(Some("^[45][0-9][0-9]$")), "The HTTP status of this error."))
        .property("code", ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)))
        .property("title", described(string(), "The kind of error, as OroCommerce names it."))
        .property("detail", described(string(), "What was wrong, and what would be right."))
        .property(
            "source",
            object()
                .property("pointer", described(string(), "A JSON pointer into the request's body."))
                .property("parameter", described(string(), "The query parameter, as it was sent."))
                .property("header", string()),
        )
        .required("status")
        .required("code")
        .required("title");
    object()
        .property("jsonapi", schema_ref("jsonapi"))
        .property("errors", ArrayBuilder::new().items(error).min_items(Some(1)))
        .required("errors")
        .into()
}
