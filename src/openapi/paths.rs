//! Paths: the routes of a resource (contract 1) with their operations.
//!
//! Operation ids are `<verb>_<type>`: `list_products`, `get_products`, `create_products`, `update_products`,
//! `delete_products`, `update_products_list`, `delete_products_list`; of a relationship `list_products_names` (its records),
//! `get_products_names_relationship`, and with `update`, `add` and `delete` its changes.

use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter, PathItemBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Content, PathsBuilder, RefOr, Required, ResponsesBuilder};

use super::examples::{self, linkage};
use super::responses::{self, errors};
use super::schemas::{Face, attribute, mixed_list, object, relations, relationship_schema, targets};
use super::{MEDIA_TYPE, batch, component, parameters, schema_ref};
use crate::engine::command::Command;
use crate::engine::field::Field;
use crate::engine::registry::Registry;
use crate::engine::relation::Relation;
use crate::engine::resource::Resource;

const READ: &[u16] = &[400, 401, 403, 406, 429, 500, 503];
const READ_ITEM: &[u16] = &[400, 401, 403, 404, 406, 429, 500, 503];
const CREATE: &[u16] = &[400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 429, 500, 503];
const UPDATE: &[u16] = &[400, 401, 403, 404, 406, 408, 409, 412, 413, 415, 422, 429, 500, 503];
const DELETE: &[u16] = &[400, 401, 403, 404, 406, 408, 409, 412, 422, 429, 500, 503];
const LINK: &[u16] = &[400, 401, 403, 404, 406, 408, 409, 413, 415, 422, 429, 500, 503];

/// Adds every route of the resource.
pub fn of_resource(mut paths: PathsBuilder, registry: &Registry, resource: &'static Resource) -> PathsBuilder {
    let collection = format!("{}/{}", registry.root, resource.name);
    let of = Routes { registry, resource };
    if resource.singleton {
        let mut item = PathItemBuilder::new();
        if resource.actions.get {
            item = item.operation(HttpMethod::Get, of.get());
        }
        if resource.actions.update {
            item = item.operation(HttpMethod::Patch, of.update());
        }
        return paths.path(collection, item.build());
    }
    let actions = resource.actions;
    let batches = registry.takes_batches(resource);
    if actions.list || actions.create || actions.delete_list {
        let mut item = PathItemBuilder::new();
        if actions.list {
            item = item.operation(HttpMethod::Get, of.list());
        }
        if actions.create {
            item = item.operation(HttpMethod::Post, of.create());
        }
        if actions.delete_list {
            item = item.operation(HttpMethod::Delete, of.delete_list());
        }
        if batches {
            item = item.operation(HttpMethod::Patch, of.update_list());
        }
        paths = paths.path(collection.clone(), item.build());
    }
    if actions.get || actions.update || actions.delete {
        let mut item = PathItemBuilder::new();
        if actions.get {
            item = item.operation(HttpMethod::Get, of.get());
        }
        if actions.update {
            item = item.operation(HttpMethod::Patch, of.update());
        }
        if actions.delete {
            item = item.operation(HttpMethod::Delete, of.delete());
        }
        paths = paths.path(format!("{collection}/{{id}}"), item.build());
    }
    for command in resource.commands {
        let item = PathItemBuilder::new().operation(HttpMethod::Post, of.command(command)).build();
        paths = paths.path(format!("{collection}/{{id}}/{}", command.name), item);
    }
    for relation in relations(registry, resource).filter(|relation| relation.routes) {
        let related = PathItemBuilder::new().operation(HttpMethod::Get, of.related(relation)).build();
        paths = paths.path(format!("{collection}/{{id}}/{}", relation.name), related);
        let mut item = PathItemBuilder::new().operation(HttpMethod::Get, of.linkage(relation));
        if actions.update && relation.relationship_writes {
            item = item.operation(HttpMethod::Patch, of.link(relation, "update"));
            if relation.is_many() {
                item = item.operation(HttpMethod::Post, of.link(relation, "add"));
                item = item.operation(HttpMethod::Delete, of.link(relation, "delete"));
            }
        }
        paths = paths.path(format!("{collection}/{{id}}/relationships/{}", relation.name), item.build());
    }
    paths
}

struct Routes<'a> {
    registry: &'a Registry,
    resource: &'static Resource,
}

impl Routes<'_> {
    fn operation(&self, id: String, summary: String, parameters: Vec<RefOr<Parameter>>) -> OperationBuilder {
        let mut operation = OperationBuilder::new().operation_id(Some(id)).summary(Some(summary));
        operation = operation.tag(self.resource.name);
        let headers: &[&str] = match self.registry.name {
            "admin" => &["x_integration_type"],
            _ => &["x_localization_id", "x_currency", "x_product_id"],
        };
        let headers = headers.iter().map(|name| component("parameters", *name));
        for parameter in parameters.into_iter().chain(headers) {
            operation = match parameter {
                RefOr::Ref(reference) => operation.parameter_ref(reference),
                RefOr::T(parameter) => operation.parameter(parameter),
            };
        }
        operation
    }

    /// [`Routes::operation`] of what writes.
    fn write(&self, id: String, summary: String, mut parameters: Vec<RefOr<Parameter>>) -> OperationBuilder {
        parameters.push(component("parameters", "idempotency_key"));
        self.operation(id, summary, parameters)
    }

    /// The id in the path, where the resource has one.
    fn id(&self) -> Vec<RefOr<Parameter>> {
        match self.resource.singleton {
            true => Vec::new(),
            false => vec![component("parameters", format!("{}_id", self.resource.name))],
        }
    }

    fn document(&self) -> Content {
        content(format!("{}_document", self.resource.name))
    }

    fn list(&self) -> Operation {
        let name = self.resource.name;
        let parameters = parameters::list(self.registry, self.resource);
        let found = responses::document(
            "The page.",
            content(format!("{name}_list")),
            &["total_count", "vary", "server_timing"],
        );
        self.operation(format!("list_{name}"), format!("List {name}"), parameters)
            .responses(errors(ResponsesBuilder::new().response("200", found), READ))
            .build()
    }

    fn create(&self) -> Operation {
        let name = self.resource.name;
        let parameters = parameters::shape(self.registry, self.resource);
        let created = responses::document("Created.", self.document(), &["location", "etag", "idempotency_replayed"]);
        let mut answers = ResponsesBuilder::new().response("201", created);
        let upserts = self.resource.id.kind.is_assigned() || self.resource.unique.iter().any(|key| key.upsert);
        if upserts {
            let updated = responses::document(
                "Found and updated (`meta.upsert`).",
                self.document(),
                &["etag", "idempotency_replayed"],
            );
            answers = answers.response("200", updated);
        }
        self.write(format!("create_{name}"), format!("Create one of {name}"), parameters)
            .request_body(Some(body(format!("{name}_create"), format!("{name}_create"))))
            .responses(errors(answers, CREATE))
            .build()
    }

    fn update_list(&self) -> Operation {
        let name = self.resource.name;
        let mut parameters = parameters::shape(self.registry, self.resource);
        parameters.extend(["x_mode", "content_encoding"].map(|name| component("parameters", name)));
        let operation =
            self.write(format!("update_{name}_list"), format!("Create and update many of {name}"), parameters);
        batch::operation(operation, self.resource)
    }

    fn delete_list(&self) -> Operation {
        let name = self.resource.name;
        let mut parameters = parameters::filter_refs(self.resource);
        parameters.push(component("parameters", "x_include"));
        let gone = responses::empty("Deleted.", &["deleted_count", "idempotency_replayed"]);
        self.write(format!("delete_{name}_list"), format!("Delete the {name} that match"), parameters)
            .description(Some("At least one filter is required. At most 100 records are deleted, all or none."))
            .responses(errors(ResponsesBuilder::new().response("204", gone), DELETE))
            .build()
    }

    fn get(&self) -> Operation {
        let name = self.resource.name;
        let mut parameters = self.id();
        parameters.extend(parameters::shape(self.registry, self.resource));
        parameters.push(component("parameters", "if_none_match"));
        let answers = ResponsesBuilder::new()
            .response("200", responses::document("The record.", self.document(), &["etag", "vary", "server_timing"]))
            .response("304", responses::empty("Not changed since it was read.", &["etag"]));
        self.operation(format!("get_{name}"), format!("Get one of {name}"), parameters)
            .responses(errors(answers, READ_ITEM))
            .build()
    }

    fn update(&self) -> Operation {
        let name = self.resource.name;
        let mut parameters = self.id();
        parameters.extend(parameters::shape(self.registry, self.resource));
        parameters.push(component("parameters", "if_match"));
        let changed = responses::document("Updated.", self.document(), &["etag", "idempotency_replayed"]);
        self.write(format!("update_{name}"), format!("Update one of {name}"), parameters)
            .request_body(Some(body(format!("{name}_update"), format!("{name}_update"))))
            .responses(errors(ResponsesBuilder::new().response("200", changed), UPDATE))
            .build()
    }

    fn delete(&self) -> Operation {
        let name = self.resource.name;
        let mut parameters = self.id();
        parameters.push(component("parameters", "if_match"));
        let gone = responses::empty("Deleted.", &["idempotency_replayed"]);
        self.write(format!("delete_{name}"), format!("Delete one of {name}"), parameters)
            .responses(errors(ResponsesBuilder::new().response("204", gone), DELETE))
            .build()
    }

    /// `/{type}/{id}/{relationship}`: the related records.
    fn related(&self, relation: &'static Relation) -> Operation {
        let (name, target) = (self.resource.name, relation.target);
        let mut parameters = self.id();
        let any = |suffix: &str| {
            let names = targets(self.registry, relation).map(|target| format!("{}{suffix}", target.name));
            names.fold(AnyOfBuilder::new(), |any, name| any.item(schema_ref(name)))
        };
        let (verb, found) = if relation.is_many() && relation.is_polymorphic() {
            parameters.extend(parameters::pages(target).into_iter().take(2));
            parameters.extend(parameters::mixed_shape());
            let schema = mixed_list(any(""));
            let content = ContentBuilder::new().schema(Some(schema)).build();
            let about = "The page of related records, resource by resource.";
            ("list", responses::document(about, content, &["total_count", "vary"]))
        } else if relation.is_many() {
            parameters.extend(parameters::list(self.registry, target));
            let schema = content(format!("{}_list", target.name));
            (
                "list",
                responses::document("The page of related records.", schema, &["total_count", "vary", "server_timing"]),
            )
        } else {
            let schema = any("_document").item(schema_ref("empty_document"));
            let schema = ContentBuilder::new().schema(Some(schema)).build();
            parameters.extend(parameters::shape(self.registry, target));
            ("get", responses::document("The related record, or null.", schema, &["vary", "server_timing"]))
        };
        let summary =
            format!("{} {} of one of {name}", if verb == "list" { "List the" } else { "Get the" }, relation.name);
        self.operation(format!("{verb}_{name}_{}", relation.name), summary, parameters)
            .responses(errors(ResponsesBuilder::new().response("200", found), READ_ITEM))
            .build()
    }

    /// `GET /{type}/{id}/relationships/{relationship}`: types and ids.
    fn linkage(&self, relation: &'static Relation) -> Operation {
        let name = self.resource.name;
        let mut parameters = self.id();
        if relation.is_many() {
            parameters.extend(parameters::pages(relation.target).into_iter().take(2));
        }
        parameters.push(component("parameters", "x_include"));
        let headers: &[&str] =
            if relation.is_many() { &["total_count", "vary", "server_timing"] } else { &["vary", "server_timing"] };
        let found = responses::document(
            "Types and ids.",
            content(relationship_schema(self.resource, relation, Face::Answer)),
            headers,
        );
        let summary = format!("Get the ids of {} of one of {name}", relation.name);
        self.operation(format!("get_{name}_{}_relationship", relation.name), summary, parameters)
            .responses(errors(ResponsesBuilder::new().response("200", found), READ_ITEM))
            .build()
    }

    /// A change of the linkage.
    fn link(&self, relation: &'static Relation, verb: &str) -> Operation {
        let name = self.resource.name;
        let summary = match verb {
            "add" => format!("Add to {} of one of {name}", relation.name),
            "delete" => format!("Remove from {} of one of {name}", relation.name),
            _ => format!("Replace {} of one of {name}", relation.name),
        };
        let schema = schema_ref(relationship_schema(self.resource, relation, Face::Request));
        let content =
            ContentBuilder::new().schema(Some(schema)).example(Some(json!({"data": linkage(relation)}))).build();
        let body = RequestBodyBuilder::new().required(Some(Required::True)).content(MEDIA_TYPE, content).build();
        let done = responses::empty("Done.", &["idempotency_replayed"]);
        self.write(format!("{verb}_{name}_{}_relationship", relation.name), summary, self.id())
            .request_body(Some(body))
            .responses(errors(ResponsesBuilder::new().response("204", done), LINK))
            .build()
    }

    fn command(&self, command: &'static Command) -> Operation {
        let name = self.resource.name;
        let meta = |fields: &'static [Field], face| {
            let members = fields.iter().fold(object(), |members, field| {
                let members = members.property(field.name, attribute(field, face));
                if field.required { members.required(field.name) } else { members }
            });
            object().property("meta", members)
        };
        let asked = meta(command.takes, Face::Request).property("jsonapi", object());
        let asked = match command.takes.iter().any(|field| field.required) {
            true => asked.required("meta"),
            false => asked,
        };
        let example = json!({"meta": examples::command(command)});
        let request = ContentBuilder::new().schema(Some(asked.build())).example(Some(example)).build();
        let required = if command.takes.iter().any(|field| field.required) { Required::True } else { Required::False };
        let body = RequestBodyBuilder::new().required(Some(required)).content(MEDIA_TYPE, request).build();
        let given = meta(command.gives, Face::Answer).property("jsonapi", schema_ref("jsonapi")).required("meta");
        let answer = ContentBuilder::new().schema(Some(given.build())).build();
        let done = responses::document_as(MEDIA_TYPE, "Done.", answer, &["idempotency_replayed"]);
        let mut parameters = self.id();
        parameters.push(component("parameters", "if_match"));
        let summary = format!("Give the command {} to one of {name}", command.name);
        self.write(format!("{}_{name}", command.name), summary, parameters)
            .description(Some(command.about))
            .request_body(Some(body))
            .responses(errors(ResponsesBuilder::new().response("200", done), UPDATE))
            .build()
    }
}

fn content(schema: String) -> Content {
    ContentBuilder::new().schema(Some(schema_ref(schema))).build()
}

fn body(schema: String, example: String) -> RequestBody {
    let reference: RefOr<utoipa::openapi::example::Example> = component("examples", example);
    let content = ContentBuilder::new()
        .schema(Some(schema_ref(schema)))
        .examples_from_iter([("required members", reference)])
        .build();
    RequestBodyBuilder::new().required(Some(Required::True)).content(MEDIA_TYPE, content).build()
}
