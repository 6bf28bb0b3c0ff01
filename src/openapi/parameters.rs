//! Parameters: the shared ones, and for each resource its id, filters, sorters and relationships to include.
//!
//! A filter is one parameter in the style `deepObject`, whose object has a member per operator:
//! `filter[sku]` with `{"contains": "AB"}` is `filter[sku][contains]=AB`. Filters that accept the same share a schema.

use serde_json::json;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Components, RefOr, Required, Schema};

use super::schemas::{boolean, described, id, integer, object, relations, string, word};
use super::{component, schema_ref};
use crate::engine::filter::{COLLECTION, COMPARISON, EQUALITY, FilterSpec, Operator, PATTERN};
use crate::engine::query::filter;
use crate::engine::registry::Registry;
use crate::engine::resource::{FilterTarget, Resource};

/// Parameters that do not depend on the resource.
pub fn shared(components: &mut Components, registry: &Registry) {
    let mut add = |name: &str, parameter: ParameterBuilder| {
        components.parameters.insert(name.to_owned(), RefOr::T(parameter.build()));
    };
    add("page_number", query("page[number]", "The page, from 1.").schema(Some(integer().minimum(Some(1)))));
    add(
        "page_size",
        query("page[size]", "Records on a page; 10 unless stated, -1 for all.")
            .schema(Some(integer().minimum(Some(-1)).default(Some(json!(10))))),
    );
    add(
        "page_after",
        query(
            "page[after]",
            "Cursor paging: empty for the first page, then the cursor of the last record seen. Not together with \
             `page[number]`.",
        )
        .schema(Some(string())),
    );
    add(
        "page_before",
        query("page[before]", "Cursor paging backwards: the cursor of the first record seen.").schema(Some(string())),
    );
    let fields = registry.resources.iter().fold(object(), |fields, resource| fields.property(resource.name, string()));
    components.schemas.insert(
        "fields".to_owned(),
        described(fields, "For each type the names of the attributes and relationships to show, separated by commas.")
            .into(),
    );
    let mut add = |name: &str, parameter: ParameterBuilder| {
        components.parameters.insert(name.to_owned(), RefOr::T(parameter.build()));
    };
    add(
        "fields",
        query("fields", "Sparse fieldsets: `fields[type]=name,name`; `fields[type]=` shows only type and id.")
            .style(Some(ParameterStyle::DeepObject))
            .explode(Some(true))
            .schema(Some(schema_ref("fields")))
            .example(Some(json!({}))),
    );
    add("meta", query("meta", "`title` adds `meta.title` to every record.").schema(Some(word(&["title"]))));
    add(
        "x_include",
        header(
            "X-Include",
            "Keys separated by semicolons: `totalCount`, `deletedCount` (counts in the answer's headers), `noHateoas` \
             (no links). Unknown keys are ignored.",
        ),
    );
    add(
        "x_integration_type",
        header(
            "X-Integration-Type",
            "`ext_id`: records go by ids of the client's own in paths, relationships, filters and answers, products by \
             their SKU; the attribute `dbId` has the number.",
        )
        .schema(Some(word(&["ext_id"]))),
    );
    add("x_localization_id", header("X-Localization-ID", "The id of the localization whose texts are shown."));
    add(
        "x_currency",
        header("X-Currency", "The currency (ISO 4217) of prices; 400 where no price list has it.")
            .schema(Some(string().pattern(Some("^[A-Z]{3}$")))),
    );
    add(
        "x_product_id",
        header(
            "X-Product-ID",
            "`sku`: products go by their SKU in paths, relationships, filters and answers; the attribute `productId` has \
             the number.",
        )
        .schema(Some(word(&["sku"]))),
    );
    add(
        "idempotency_key",
        header(
            "Idempotency-Key",
            "A text of the client's own, a UUID say, for this request alone: sent again with the same key, the request is \
             not done again, but answered as it was the first time. Kept for 24 hours.",
        )
        .schema(Some(string().pattern(Some("^[ -~]+$")).min_length(Some(1)).max_length(Some(255)))),
    );
    add(
        "x_mode",
        header(
            "X-Mode",
            "`async` (without the header too): the body is stored and worked off later. `sync`: all of up to 100 records \
             are written, or none, and the answer has them.",
        )
        .schema(Some(word(&["async", "sync"]))),
    );
    add(
        "content_encoding",
        header("Content-Encoding", "How the body is packed.").schema(Some(word(&["gzip", "identity"]))),
    );
    add("if_match", header("If-Match", "The `ETag` that was read: 412 when the record has changed since."));
    add("if_none_match", header("If-None-Match", "The `ETag` that was read: 304 when the record has not changed."));
}

/// The parameters of one resource.
pub fn of_resource(components: &mut Components, resource: &'static Resource) {
    let name = resource.name;
    if !resource.singleton {
        let parameter = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(match resource.can_be_mine() {
                true => format!("The id of the `{name}` record; `mine` is the caller's own."),
                false => format!("The id of the `{name}` record."),
            }))
            .schema(Some(match resource.can_be_mine() {
                true => string().pattern(Some("^([0-9]+|mine)$")),
                false => id(resource),
            }))
            .example(Some(json!(resource.example_id)));
        components.parameters.insert(format!("{name}_id"), RefOr::T(parameter.build()));
    }
    for filter in filters(resource) {
        let schema = filter_schema_name(filter.noun, filter.spec);
        components.schemas.entry(schema.clone()).or_insert_with(|| filter_schema(filter.noun, filter.spec).into());
        let parameter = query(&format!("filter[{}]", filter.name), &filter.about())
            .required(if resource.mandatory_filters.contains(&filter.name) { Required::True } else { Required::False })
            .style(Some(ParameterStyle::DeepObject))
            .explode(Some(true))
            .schema(Some(schema_ref(schema)))
            .example(Some(json!({})));
        components.parameters.insert(filter_component(resource, filter.name), RefOr::T(parameter.build()));
    }
    if !resource.no_sorting {
        components.parameters.insert(format!("{name}_sort"), RefOr::T(sort(resource).build()));
    }
    if resource.visible_relations().next().is_some() {
        components.parameters.insert(format!("{name}_include"), RefOr::T(include(resource).build()));
    }
}

/// The parameters that shape the answer: `include`, `fields`, `meta`.
pub fn shape(registry: &Registry, resource: &'static Resource) -> Vec<RefOr<Parameter>> {
    let mut list = Vec::new();
    if relations(registry, resource).next().is_some() {
        list.push(component("parameters", format!("{}_include", resource.name)));
    }
    list.push(component("parameters", "fields"));
    if !resource.no_meta && !resource.no_title {
        list.push(component("parameters", "meta"));
    }
    list.push(component("parameters", "x_include"));
    list
}

/// [`shape`] for a list of several resources, each with relationships of its own.
pub fn mixed_shape() -> Vec<RefOr<Parameter>> {
    let about = "Relationships of the records whose records are added under `included`, separated by commas.";
    let names = ArrayBuilder::new().items(string());
    let include = query("include", about).style(Some(ParameterStyle::Form)).explode(Some(false)).schema(Some(names));
    let refs = ["fields", "meta", "x_include"].map(|name| component("parameters", name));
    std::iter::once(RefOr::T(include.build())).chain(refs).collect()
}

/// The filters of a list, for GET and DELETE.
pub fn filter_refs(resource: &'static Resource) -> Vec<RefOr<Parameter>> {
    filters(resource).iter().map(|filter| component("parameters", filter_component(resource, filter.name))).collect()
}

/// Paging, sorting, the shape of the answer, and filters of a list: the many last.
pub fn list(registry: &Registry, resource: &'static Resource) -> Vec<RefOr<Parameter>> {
    let mut list = pages(resource);
    if !resource.no_sorting {
        list.push(component("parameters", format!("{}_sort", resource.name)));
    }
    list.extend(shape(registry, resource));
    list.extend(filter_refs(resource));
    list
}

/// The paging of a list.
pub fn pages(resource: &Resource) -> Vec<RefOr<Parameter>> {
    match resource.no_paging {
        true => Vec::new(),
        false => {
            ["page_number", "page_size", "page_after", "page_before"].map(|name| component("parameters", name)).into()
        }
    }
}

fn filter_component(resource: &Resource, filter: &str) -> String {
    format!("{}_filter_{filter}", resource.name)
}

struct Filter {
    name: &'static str,
    noun: &'static str,
    spec: FilterSpec,
    /// The resource whose filters can be reached through this one.
    target: Option<&'static str>,
}

impl Filter {
    fn about(&self) -> String {
        let operators: Vec<&str> = self.spec.operators.iter().map(Operator::name).collect();
        let mut text = format!("{}. Operators: {}.", capital(self.noun), operators.join(", "));
        match (self.spec.list, self.spec.range) {
            (true, true) => text.push_str(" Lists `a,b` and ranges `a..b`."),
            (true, false) => text.push_str(" Lists `a,b`."),
            (false, true) => text.push_str(" Ranges `a..b`."),
            (false, false) => {}
        }
        if self.spec.case_insensitive {
            text.push_str(" Letter case does not matter.");
        }
        if let Some(target) = self.target {
            text.push_str(&format!(" `filter[{}.…]` reaches the filters of `{target}`.", self.name));
        }
        text
    }
}

fn filters(resource: &'static Resource) -> Vec<Filter> {
    let id_noun = |resource: &Resource| if resource.id.kind.is_numeric() { "integer" } else { "string" };
    let mut filters = Vec::new();
    if !resource.singleton {
        filters.push(Filter { name: "id", noun: id_noun(resource), spec: resource.id.filter, target: None });
    }
    for field in resource.fields {
        if let Some(spec) = field.filter {
            filters.push(Filter { name: field.name, noun: field.kind.noun(), spec, target: None });
        }
    }
    for (relation, spec) in filter::relations(resource) {
        let target = relation.target;
        filters.push(Filter { name: relation.name, noun: id_noun(target), spec, target: Some(target.name) });
    }
    for extra in resource.extra_filters {
        let noun = match extra.target {
            FilterTarget::Path(path) => noun_at(resource, path),
            FilterTarget::JsonMember { .. } => "string",
            FilterTarget::Without(_) => "boolean",
        };
        filters.push(Filter { name: extra.name, noun, spec: extra.spec, target: None });
    }
    filters
}

/// What stands at the end of a dotted path.
fn noun_at(resource: &'static Resource, path: &str) -> &'static str {
    let (first, rest) = path.split_once('.').unwrap_or((path, "id"));
    if let Some(relation) = resource.relation(first) {
        return noun_at(relation.target, rest);
    }
    match resource.field(first) {
        Some(field) => field.kind.noun(),
        None if resource.id.kind.is_numeric() => "integer",
        None => "string",
    }
}

fn filter_schema_name(noun: &str, spec: FilterSpec) -> String {
    let operators = match spec.operators {
        set if set == EQUALITY => "equality".to_owned(),
        set if set == COMPARISON => "comparison".to_owned(),
        set if set == COLLECTION => "collection".to_owned(),
        set if set == EQUALITY.and(PATTERN) => "pattern".to_owned(),
        set => set.iter().map(Operator::name).collect::<Vec<_>>().join("_"),
    };
    let list = if spec.list { "_list" } else { "" };
    let range = if spec.range { "_range" } else { "" };
    format!("filter_{}_{operators}{list}{range}", noun.to_lowercase())
}

fn filter_schema(noun: &'static str, spec: FilterSpec) -> ObjectBuilder {
    let mut schema = object()
        .description(Some("A member per operator. Without an operator, `filter[name]=value` means `eq`."))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    for operator in spec.operators.iter() {
        schema = schema.property(operator.name(), operand(noun, spec, operator));
    }
    schema
}

fn operand(noun: &'static str, spec: FilterSpec, operator: Operator) -> RefOr<Schema> {
    let one = match noun {
        "integer" => integer(),
        "number" => ObjectBuilder::new().schema_type(Type::Number),
        "boolean" => boolean(),
        "date" => described(string(), "`YYYY[-MM[-DD]]`; a shorter form means the whole period."),
        "datetime" => described(
            string(),
            "`YYYY[-MM[-DD[Thh[:mm[:ss]][Z|±hh:mm]]]]`, UTC unless a zone is given; a shorter form means the whole \
             period.",
        ),
        _ => string(),
    };
    match operator {
        Operator::Exists | Operator::Empty => boolean().into(),
        Operator::Eq | Operator::Neq | Operator::NeqOrNull if spec.list || spec.range => several(one, spec),
        Operator::Contains | Operator::NotContains if spec.list => several(one, spec),
        _ => one.into(),
    }
}

fn several(one: ObjectBuilder, spec: FilterSpec) -> RefOr<Schema> {
    let about = match (spec.list, spec.range) {
        (true, true) => "A list `a,b` or a range `a..b`.",
        (true, false) => "A list `a,b`.",
        _ => "A range `a..b`.",
    };
    AnyOfBuilder::new().item(one).item(described(string(), about)).into()
}

fn sort(resource: &'static Resource) -> ParameterBuilder {
    let mut names = vec!["id"];
    names.extend(resource.fields.iter().filter(|field| field.sort).map(|field| field.name));
    let paths: Vec<&str> =
        resource.visible_relations().filter(|relation| relation.sort).map(|relation| relation.name).collect();
    names.extend(&paths);
    let mut about = format!("Sorters, separated by commas, `-` before one reverses it: {}.", list_of(&names));
    if !paths.is_empty() {
        about.push_str(" Through relationships: `relationship.name`.");
    }
    // Nothing, as a form sends it where nothing is chosen, is the order that a list has by itself.
    let path = string().pattern(Some(r"^(-?[A-Za-z_]+(\.[A-Za-z_]+)+)?$"));
    let values: Vec<String> = names.iter().flat_map(|name| [(*name).to_owned(), format!("-{name}")]).collect();
    let item = AnyOfBuilder::new().item(string().enum_values(Some(values))).item(path);
    query("sort", &about)
        .style(Some(ParameterStyle::Form))
        .explode(Some(false))
        .schema(Some(ArrayBuilder::new().items(item)))
}

fn include(resource: &'static Resource) -> ParameterBuilder {
    let names: Vec<&str> = resource.visible_relations().map(|relation| relation.name).collect();
    let about = format!(
        "Relationships whose records are added under `included`, separated by commas; `relationship.relationship` goes \
         on from there; what is unknown is ignored. Here: {}.",
        list_of(&names)
    );
    // Unknown paths are no fault, so the names are there to be offered, and any other text is valid too.
    let known = string().enum_values(Some(names));
    let items = AnyOfBuilder::new().item(known).item(string());
    query("include", &about)
        .style(Some(ParameterStyle::Form))
        .explode(Some(false))
        .schema(Some(ArrayBuilder::new().items(items)))
}

fn list_of(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn query(name: &str, about: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
}

fn header(name: &str, about: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(string()))
}

fn capital(noun: &str) -> String {
    let mut letters = noun.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
