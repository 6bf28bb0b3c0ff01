//! The route of atomic operations.

use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, ArrayBuilder, ObjectBuilder};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{Components, PathItem, PathsBuilder, Ref, Required, ResponsesBuilder};

use super::responses::{self, errors};
use super::schema_ref;
use super::schemas::{described, object, string, word};
use crate::engine::registry::Registry;

/// The media type of requests and answers.
const MEDIA_TYPE: &str = "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"";
const STATUSES: &[u16] = &[400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 500, 503];
const TAG: &str = "atomic operations";

pub fn tag() -> Tag {
    TagBuilder::new().name(TAG).description(Some("Several changes at once, all or none.")).build()
}

pub fn path(paths: PathsBuilder, components: &mut Components, registry: &Registry) -> PathsBuilder {
    components.schemas.insert("atomic_reference".to_owned(), reference().into());
    components.schemas.insert("atomic_operation".to_owned(), one().into());
    components.schemas.insert(
        "atomic_operations".to_owned(),
        object()
            .property("jsonapi", object())
            .property("meta", object())
            .property("atomic:operations", ArrayBuilder::new().items(schema_ref("atomic_operation")).min_items(Some(1)))
            .required("atomic:operations")
            .into(),
    );
    let result = described(object(), "Empty for a removal and a change of a relationship.").property("data", object());
    components.schemas.insert(
        "atomic_results".to_owned(),
        object()
            .property("jsonapi", object())
            .property("atomic:results", ArrayBuilder::new().items(result))
            .required("atomic:results")
            .into(),
    );
    paths.path(format!("{}/operations", registry.root), PathItem::new(HttpMethod::Post, operation(registry)))
}

fn operation(registry: &Registry) -> Operation {
    let example = registry.resources.iter().find(|resource| resource.actions.delete && !resource.singleton);
    let example = example.map(|resource| {
        let target = json!({"type": resource.name, "id": resource.example_id});
        json!({"atomic:operations": [{"op": "remove", "ref": target}]})
    });
    let request = ContentBuilder::new().schema(Some(schema_ref("atomic_operations"))).example(example).build();
    let answer = ContentBuilder::new().schema(Some(schema_ref("atomic_results"))).build();
    let replayed = &["idempotency_replayed"];
    let done = ResponsesBuilder::new()
        .response(
            "200",
            responses::document_as(MEDIA_TYPE, "One result for each operation, in their order.", answer, replayed),
        )
        .response("204", responses::empty("Done; no operation has anything to show.", replayed));
    let mut operation = OperationBuilder::new()
        .operation_id(Some("run_operations"))
        .summary(Some("Add, update and remove records and links, all or none"))
        .description(Some(
            "The extension of JSON:API for atomic operations. They are done in their order in one transaction; an error \
             points at its operation (`/atomic:operations/3/data/…`) and undoes all. A `lid` names a record that the \
             same request adds; neighbouring `add`s may name each other in either direction.",
        ))
        .tag(TAG);
    if registry.name == "admin" {
        operation = operation.parameter_ref(Ref::new("#/components/parameters/x_integration_type"));
    }
    operation
        .parameter_ref(Ref::new("#/components/parameters/idempotency_key"))
        .request_body(Some(
            RequestBodyBuilder::new().required(Some(Required::True)).content(MEDIA_TYPE, request).build(),
        ))
        .responses(errors(done, STATUSES))
        .build()
}

fn reference() -> ObjectBuilder {
    described(object(), "A record by `id`, or by the `lid` it was added under; or a relationship of it.")
        .property("type", string())
        .property("id", string())
        .property("lid", string())
        .property("relationship", string())
        .required("type")
}

fn one() -> ObjectBuilder {
    let data = AnyOfBuilder::new()
        .item(object())
        .item(ArrayBuilder::new().items(object()))
        .item(schema_ref("null"))
        .description(Some("A resource object; of a relationship its linkage."));
    object()
        .property("op", word(&["add", "update", "remove"]))
        .property("ref", schema_ref("atomic_reference"))
        .property("href", described(string(), "In place of `ref`: the URL of a collection, record or relationship."))
        .property("data", data)
        .property("meta", object())
        .required("op")
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
}
