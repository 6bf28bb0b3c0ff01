//! The API document: a registry of descriptors becomes an OpenAPI 3.1 document, built with utoipa.
//!
//! Input: a [`Registry`]. Output: an [`OpenApi`] in which every resource has one schema per document shape, and
//! parameters, headers and responses that are shared are components, named by `$ref`. The order of everything is
//! that of the registry and of the descriptors or alphabetical, so that the same registry gives the same bytes.

mod async_operation;
mod atomic;
mod batch;
mod changes;
pub mod examples;
mod login;
mod media;
mod parameters;
mod paths;
mod platform;
mod responses;
mod schemas;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, PathsBuilder, Ref,
    RefOr, Schema, ServerBuilder, tag::TagBuilder,
};

use crate::engine::registry::Registry;
use crate::{resources, storefront};

pub use examples::{create as create_example, update as update_example};

/// The one media type of requests and answers.
pub const MEDIA_TYPE: &str = "application/vnd.api+json";

/// The document of one API.
pub fn document(registry: &Registry) -> OpenApi {
    let mut components = ComponentsBuilder::new().build();
    let mut paths = PathsBuilder::new();
    schemas::shared(&mut components, registry);
    parameters::shared(&mut components, registry);
    responses::shared(&mut components);
    for resource in registry.resources {
        schemas::of_resource(&mut components, registry, resource);
        parameters::of_resource(&mut components, resource);
        examples::of_resource(&mut components, resource);
        if registry.takes_batches(resource) {
            batch::of_resource(&mut components, resource);
        }
        paths = paths::of_resource(paths, registry, resource);
    }
    paths = async_operation::paths(paths, registry);
    let paths = atomic::path(paths, &mut components, registry);
    let paths = if registry.changes { changes::path(paths, &mut components, registry) } else { paths };
    let has_media = registry.name == "storefront";
    let paths = if has_media { media::path(paths, registry) } else { paths };
    let paths = platform::paths(paths, &mut components, registry).build();
    platform::security_schemes(&mut components, registry);
    drop_unused(&mut components, &paths);
    let mut tags: Vec<_> = registry
        .resources
        .iter()
        .map(|resource| {
            let about = Some(resource.about).filter(|about| !about.is_empty());
            TagBuilder::new().name(resource.name).description(about).build()
        })
        .collect();
    tags.push(atomic::tag());
    tags.extend(registry.changes.then(changes::tag));
    tags.extend(has_media.then(media::tag));
    tags.extend(platform::tags());
    let title = match registry.name {
        "storefront" => "Entrepot storefront API",
        _ => "Entrepot back-office API",
    };
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title(title)
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(description(registry)))
                .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build())),
        )
        .servers(Some([ServerBuilder::new().url("/").description(Some("This server")).build()]))
        .paths(paths)
        .components(Some(components))
        .security(Some(platform::security(registry)))
        .tags(Some(tags))
        .build()
}

/// Both APIs under their standard roots: what the checked-in documents describe.
pub fn standard_registries() -> [Registry; 2] {
    [
        Registry::new("admin", "/admin/api", resources::ALL).with_changes().with_batches(),
        Registry::new("storefront", "/api", storefront::ALL),
    ]
}

/// Writes `admin.json`, `storefront.json` into a folder: what is checked in under `openapi/`.
pub fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for registry in standard_registries() {
        fs::write(folder.join(format!("{}.json", registry.name)), text(&registry)?)?;
    }
    Ok(())
}

/// The document as it is checked in: indented, with a line feed at the end.
pub fn text(registry: &Registry) -> io::Result<String> {
    let mut text = document(registry).to_pretty_json().map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

fn description(registry: &Registry) -> String {
    let root = &registry.root;
    format!(
        "JSON:API 1.1 over HTTP, wire-compatible with the web API of OroCommerce.\n\n\
         Send `Accept: {MEDIA_TYPE}`, and `Content-Type: {MEDIA_TYPE}` with a body. Get a token from `/oauth2-token` \
         (the Authorize button does) and send it as `Authorization: Bearer …`.\n\n\
         **Filters.** `filter[name]=value`, or with an operator `filter[name][gte]=value`; several filters all hold. \
         Where a filter takes lists, a comma separates the values; where it takes ranges, two dots separate the ends. \
         `filter[relationship.name]` reaches the filters of the related resource, and `sort=relationship.name` its \
         sorters.\n\n\
         **Every route** also answers `OPTIONS` (the methods, in `Allow`) and, where it answers `GET`, `HEAD`. A \
         method that is not there is 405 with an empty body. A `POST` with `X-HTTP-Method-Override` is treated as the \
         method that the header names; with `GET` the parameters may stand in the body.\n\n\
         **Errors** come as a list under `errors`, each with a stable `code`; `id` is the id of the request, also in \
         the header `X-Request-ID`.\n\n\
         This document: `{root}/openapi.json`."
    )
}

/// Components that this registry happens not to use are left out, with what only they use.
fn drop_unused(components: &mut Components, paths: &Paths) {
    let from_paths = serde_json::to_string(paths).unwrap_or_default();
    loop {
        let from_components = serde_json::to_string(components).unwrap_or_default();
        let used: HashSet<&str> = references(&from_paths).chain(references(&from_components)).collect();
        let mut dropped = 0;
        let mut keep = |section: &str, name: &str| {
            let kept = used.contains(format!("{section}/{name}").as_str());
            dropped += usize::from(!kept);
            kept
        };
        components.schemas.retain(|name, _| keep("schemas", name));
        components.parameters.retain(|name, _| keep("parameters", name));
        components.responses.retain(|name, _| keep("responses", name));
        components.headers.retain(|name, _| keep("headers", name));
        components.examples.retain(|name, _| keep("examples", name));
        if dropped == 0 {
            break;
        }
    }
}

/// `section/name` of every reference in a JSON text.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split("\"#/components/").skip(1).filter_map(|rest| rest.split('"').next())
}

fn schema_ref(name: impl Into<String>) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}

fn component<T>(section: &str, name: impl AsRef<str>) -> RefOr<T> {
    RefOr::Ref(Ref::new(format!("#/components/{section}/{}", name.as_ref())))
}

#[cfg(test)]
mod tests;
