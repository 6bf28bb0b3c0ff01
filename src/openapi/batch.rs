//! PATCH on a collection: many records in one request.

use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder};
use utoipa::openapi::{Components, RefOr, Required, ResponsesBuilder, Schema};

use super::responses::{self, errors};
use super::schemas::{boolean, described, object, string, word};
use super::{MEDIA_TYPE, examples, schema_ref};
use crate::engine::resource::Resource;
use crate::http::media_type::{CSV, NDJSON};

const STATUSES: &[u16] = &[400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 429, 500, 503];

/// The schema of the body.
pub fn of_resource(components: &mut Components, resource: &'static Resource) {
    components.schemas.insert(format!("{}_batch", resource.name), document(resource));
}

/// Completes the operation.
pub fn operation(operation: OperationBuilder, resource: &'static Resource) -> Operation {
    let name = resource.name;
    let answer = |schema: &str| ContentBuilder::new().schema(Some(schema_ref(schema))).build();
    let accepted = responses::document(
        "Accepted: the operation that works it off. Read it until its `status` is `success`, `failed` or `cancelled`.",
        answer("asyncoperations_document"),
        &["content_location", "idempotency_replayed"],
    );
    let done = responses::document(
        "With `X-Mode: sync`: done, the records in the order of the request, each with the label it was sent under as \
         `meta.dataId`.",
        answer(&format!("{name}_list")),
        &["idempotency_replayed"],
    );
    let answers = ResponsesBuilder::new().response("202", accepted).response("200", done);
    operation
        .description(Some(
            "A record is created, or updated where it has `meta.update`, or one or the other by a key with `meta.upsert`. \
             Without `X-Mode` the body is stored and worked off later in chunks: a record that fails does no harm to the \
             others, and the operation tells of it. With `X-Mode: sync` all are written, or none. Besides JSON:API a body \
             may be NDJSON, a resource object on each line, or CSV, whose first row names attributes, relationships, `id`, \
             `meta.update` and `meta.upsert`. `Content-Encoding: gzip` is accepted.",
        ))
        .request_body(Some(body(resource)))
        .responses(errors(answers, STATUSES))
        .build()
}

fn body(resource: &'static Resource) -> RequestBody {
    let example = example(resource);
    let lines = example["data"].as_array().into_iter().flatten().map(|one| format!("{one}\n")).collect::<String>();
    let text = |about: &str| described(string(), about);
    let document = ContentBuilder::new()
        .schema(Some(schema_ref(format!("{}_batch", resource.name))))
        .example(Some(example.clone()))
        .build();
    let lines = ContentBuilder::new()
        .schema(Some(text("A resource object on each line. Nothing is included.")))
        .example(Some(Value::String(lines)))
        .build();
    let table = ContentBuilder::new()
        .schema(Some(text(
            "A row of column names, then a record on each row. An empty cell says nothing, `#N/A` is null; ids of a list are \
             separated by semicolons.",
        )))
        .example(Some(Value::String(table(&example["data"][0]))))
        .build();
    RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content(MEDIA_TYPE, document)
        .content(NDJSON, lines)
        .content(CSV, table)
        .build()
}

/// The records of the examples of single requests, together.
fn example(resource: &'static Resource) -> Value {
    let mut data = Vec::new();
    let mut document = json!({});
    if resource.actions.create {
        document = examples::create(resource);
        data.push(document["data"].take());
    }
    if resource.actions.update {
        let mut update = examples::update(resource)["data"].take();
        update["meta"] = json!({"update": true});
        data.push(update);
    }
    document["data"] = Value::Array(data);
    document
}

/// The row of a record without what takes more than a cell.
fn table(record: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut columns: Vec<(&str, String)> = Vec::new();
    if let Some(id) = record["id"].as_str() {
        columns.push(("id", id.to_owned()));
    }
    if record["meta"]["update"] == true {
        columns.push(("meta.update", "true".to_owned()));
    }
    let members = |name: &str| record[name].as_object().into_iter().flatten();
    columns.extend(
        members("attributes").filter(|(_, value)| !value.is_object()).map(|(name, value)| (name.as_str(), text(value))),
    );
    for (name, relationship) in members("relationships") {
        let list = match &relationship["data"] {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let ids: Vec<&str> = list.iter().filter_map(|one| one["id"].as_str()).collect();
        columns.push((name.as_str(), ids.join(";")));
    }
    let quoted = |cell: &str| match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    };
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    line(columns.iter().map(|(name, _)| quoted(name)).collect())
        + &line(columns.iter().map(|(_, cell)| quoted(cell)).collect())
}

fn document(resource: &'static Resource) -> RefOr<Schema> {
    let free = || object().additional_properties(Some(AdditionalProperties::FreeForm(true)));
    let keys = resource.unique.iter().any(|key| key.upsert) || resource.id.kind.is_assigned();
    let mut meta = object().property("update", described(boolean(), "Update the record of that `id`."));
    if keys {
        meta = meta.property("upsert", schema_ref("upsert"));
    }
    let item = object()
        .property("type", word(&[resource.name]))
        .property("id", described(string(), "The record's id with `meta.update`, else a label within the request."))
        .property("attributes", described(free(), "As in a request for one record."))
        .property("relationships", described(free(), "As in a request for one record."))
        .property("meta", meta)
        .required("type");
    object()
        .property("data", ArrayBuilder::new().items(item).min_items(Some(1)))
        .property("included", ArrayBuilder::new().items(schema_ref("included_item")))
        .required("data")
        .into()
}
