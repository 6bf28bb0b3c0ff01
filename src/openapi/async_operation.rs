//! The routes below an asynchronous operation.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{PathItem, PathsBuilder, RefOr, ResponseBuilder, ResponsesBuilder};

use super::responses::{self, errors};
use super::schemas::string;
use super::{MEDIA_TYPE, component, parameters, schema_ref};
use crate::engine::registry::Registry;
use crate::engine::resource::Resource;
use crate::http::async_operation::Part;
use crate::resources::system::ASYNC_OPERATION;

const STATUSES: &[u16] = &[400, 401, 403, 404, 406, 429, 500, 503];

/// Adds them, where the registry has operations.
pub fn paths(mut paths: PathsBuilder, registry: &Registry) -> PathsBuilder {
    if registry.get(ASYNC_OPERATION.name).is_none() {
        return paths;
    }
    for part in Part::ALL {
        let operation = match part.resource() {
            Some(resource) => list(part, resource),
            None => download(),
        };
        let path = format!("{}/{}/{{id}}/{}", registry.root, ASYNC_OPERATION.name, part.word());
        paths = paths.path(path, PathItem::new(HttpMethod::Get, operation));
    }
    paths
}

fn operation(id: &str, summary: &str, parameters: Vec<RefOr<Parameter>>) -> OperationBuilder {
    let operation = OperationBuilder::new().operation_id(Some(id)).summary(Some(summary)).tag(ASYNC_OPERATION.name);
    let id = component("parameters", format!("{}_id", ASYNC_OPERATION.name));
    let headers = component("parameters", "x_integration_type");
    [id].into_iter().chain(parameters).chain([headers]).fold(operation, |operation, parameter| match parameter {
        RefOr::Ref(reference) => operation.parameter_ref(reference),
        RefOr::T(parameter) => operation.parameter(parameter),
    })
}

fn list(part: Part, resource: &'static Resource) -> Operation {
    let (summary, about) = match part {
        Part::Results => (
            "What became of each record of an operation",
            "In the order of the chunks that are done; a page has 1,000 results at most. `filter[outcome]=failed` shows \
             those that failed.",
        ),
        _ => (
            "What was wrong with the records of an operation",
            "In the order of the body, chunk by chunk. Ids are `{operation}-{chunk}-{n}`; chunk 0 is the operation as a \
             whole.",
        ),
    };
    let mut parameters = parameters::pages(resource);
    parameters.push(component("parameters", "x_include"));
    parameters.extend(parameters::filter_refs(resource));
    let content = ContentBuilder::new().schema(Some(schema_ref(format!("{}_list", resource.name)))).build();
    let page = responses::document("The page.", content, &["total_count", "vary", "server_timing"]);
    operation(&format!("list_{}_{}", ASYNC_OPERATION.name, part.word()), summary, parameters)
        .description(Some(about))
        .responses(errors(ResponsesBuilder::new().response("200", page), STATUSES))
        .build()
}

fn download() -> Operation {
    let text = || ContentBuilder::new().schema(Some(string())).build();
    let records = || ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::Object));
    let document = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("data", records())
        .property("included", records())
        .required("data");
    let file = ResponseBuilder::new()
        .description("The failed records.")
        .content("application/x-ndjson", text())
        .content("text/csv", text())
        .content(MEDIA_TYPE, ContentBuilder::new().schema(Some(document)).build());
    operation("get_asyncoperations_failed", "The failed records of an operation, as they were sent", Vec::new())
        .description(Some(
            "In the format of the request: a document, lines or rows. The reasons stand under `meta.errors` of a record, \
             or in the column `meta.errors`, where they are passed over when the records are mended and sent again. \
             Included records come along that failed with them; those that others have made are named by their ids.",
        ))
        .responses(errors(ResponsesBuilder::new().response("200", file.build()), STATUSES))
        .build()
}
