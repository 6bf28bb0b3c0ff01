//! The query of a request, parsed: which parameters there are, and what each of them means for a resource.
//!
//! ```text
//! query     = parameter *( "&" parameter )
//! parameter = key [ "=" value ]                ; both percent-encoded, brackets encoded or not
//! key       = group *( "[" text "]" )
//! group     = "filter" / "sort" / "page" / "include" / "fields" / "meta"
//! ```
//!
//! Input: the raw query string, and for a POST with `X-HTTP-Method-Override: GET` the body, nested or flat. Output: a
//! [`Query`], or every error at once (contract, sections 4 to 9). Pure. One module per group; its grammar stands at its
//! head.

pub mod fields;
pub mod filter;
pub mod include;
pub mod meta;
pub mod page;
pub mod sort;
pub mod value;

use percent_encoding::percent_decode_str;
use serde_json::Value as Json;

use super::input::without_nul;
use super::plan::{Include, Page, ReadPlan, Shapes, SortTerm};
use super::predicate::Predicate;
use super::registry::Registry;
use super::resource::Resource;
use crate::error::{Error, Errors};

/// How much one query may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows in one answer.
    pub rows: u64,
    pub filters: usize,
    /// Values in the list of one filter.
    pub filter_values: usize,
    /// Relationships in one path of `include`, `filter` or `sort`.
    pub depth: usize,
    pub include_paths: usize,
}

/// Which groups a route knows. Parameters of the others are refused.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub filter: bool,
    pub sort: bool,
    pub page: bool,
    /// `include`, `fields` and `meta`.
    pub shape: bool,
}

/// A list of records: a collection or a to-many sub-resource.
pub const LIST: Route = Route { filter: true, sort: true, page: true, shape: true };
/// One record, and the answers of POST and PATCH.
pub const ITEM: Route = Route { filter: false, sort: false, page: false, shape: true };
/// The identifiers of a to-many relationship.
pub const IDENTIFIERS: Route = Route { filter: false, sort: true, page: true, shape: false };
/// The records of a relationship that points at several resources.
pub const MIXED: Route = Route { filter: false, sort: false, page: true, shape: true };
/// The identifier of a to-one relationship, and every write without an answer.
pub const NOTHING: Route = Route { filter: false, sort: false, page: false, shape: false };
/// DELETE on a collection.
pub const DELETE_LIST: Route = Route { filter: true, sort: false, page: false, shape: false };

/// What is parsed, and for what.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    pub registry: &'r Registry,
    pub resource: &'static Resource,
    /// The resources of a list of several; else nothing.
    pub mixed: &'static [&'static Resource],
    pub route: Route,
    pub limits: Limits,
    /// Whether the specification's rules hold where the contract's differ: an unknown include path is an error, and a
    /// `+` is a space.
    pub strict: bool,
    /// The path of the list, to which its cursors belong.
    pub path: &'r str,
}

/// A parsed query.
#[derive(Clone, Debug)]
pub struct Query {
    pub filter: Predicate,
    /// Whether there is a filter at all.
    pub filtered: bool,
    pub sort: Vec<SortTerm>,
    pub page: Page,
    pub include: Vec<Include>,
    /// Whether the client asked for included records, be it for none.
    pub compound: bool,
    pub shapes: Shapes,
    pub title: bool,
    /// Whether the statement's text is one of few: nothing but the page was chosen.
    pub plain: bool,
    /// Every parameter of the query string, decoded.
    pub parameters: Vec<(String, String)>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// As sent, decoded: `filter[sku][neq]`.
    pub key: String,
    pub value: String,
    /// `filter`
    pub group: String,
    /// `sku`, `neq`
    pub brackets: Vec<String>,
}

impl Parameter {
    pub fn new(key: String, value: String) -> Parameter {
        let (group, brackets) = match split_key(&key) {
            Some((group, brackets)) => (group.to_owned(), brackets.into_iter().map(str::to_owned).collect()),
            None => (String::new(), Vec::new()),
        };
        Parameter { key, value, group, brackets }
    }

    /// The contract's `filter constraint` at this parameter.
    pub fn error(&self, detail: impl Into<String>) -> Error {
        Error::filter(detail).parameter(&self.key)
    }
}

fn split_key(key: &str) -> Option<(&str, Vec<&str>)> {
    let Some(open) = key.find('[') else { return Some((key, Vec::new())) };
    let (group, mut rest) = key.split_at(open);
    let mut brackets = Vec::new();
    while !rest.is_empty() {
        let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
        brackets.push(inside);
        rest = after;
    }
    Some((group, brackets))
}

impl Query {
    /// Reads a query, and what the body of an overridden GET adds to it.
    pub fn parse(request: Request<'_>, raw: &str, body: Option<&Json>) -> Result<Query, Errors> {
        let mut errors = Vec::new();
        let mut parameters = read_string(raw, request.strict, &mut errors);
        let shown = parameters.iter().map(|parameter| (parameter.key.clone(), parameter.value.clone())).collect();
        if let Some(Json::Object(members)) = body {
            for (name, value) in members {
                read_json(name.clone(), value, &mut parameters);
            }
        }
        let groups = Groups::sort_out(&request, parameters, &mut errors);
        let shapes = fields::parse(&request, &groups.fields, &mut errors);
        let sort = sort::parse(&request, &groups.sort, &mut errors);
        let query = Query {
            filter: filter::parse(&request, &groups.filter, &mut errors),
            filtered: !groups.filter.is_empty(),
            compound: !groups.include.is_empty(),
            include: include::parse(&request, &groups.include, &shapes, &mut errors),
            page: page::parse(&request, &groups, &sort, &mut errors),
            title: meta::parse(&request, &groups.meta, &mut errors),
            plain: groups.fields.is_empty()
                && groups.sort.is_empty()
                && groups.filter.is_empty()
                && groups.meta.is_empty(),
            sort,
            shapes,
            parameters: shown,
        };
        Errors::check(errors)?;
        Ok(query)
    }

    /// The read of a list.
    pub fn list(&self, resource: &'static Resource) -> ReadPlan {
        ReadPlan {
            resource,
            filter: self.filter.clone(),
            further: Vec::new(),
            sort: self.sort.clone(),
            page: self.page.clone(),
            shapes: self.shapes.clone(),
            include: self.include.clone(),
            compound: self.compound,
            title: self.title,
            total: false,
            identifiers: false,
            plain: self.plain && !matches!(self.page, Page::Cursor { .. }),
        }
    }

    /// The read of what `filter` finds, at most one record.
    pub fn one(&self, resource: &'static Resource, filter: Predicate) -> ReadPlan {
        ReadPlan {
            filter,
            sort: Vec::new(),
            page: Page::Number { number: 1, size: 1 },
            plain: self.plain,
            ..self.list(resource)
        }
    }

    /// The read of the record of that id.
    pub fn item(&self, resource: &'static Resource, key: &super::key::Key) -> ReadPlan {
        self.one(resource, Predicate::is(resource, key))
    }
}

/// The parameters by group, those that the route does not know taken out.
#[derive(Default)]
pub struct Groups {
    pub filter: Vec<Parameter>,
    pub sort: Vec<Parameter>,
    pub page: Vec<Parameter>,
    pub include: Vec<Parameter>,
    pub fields: Vec<Parameter>,
    pub meta: Vec<Parameter>,
}

impl Groups {
    fn sort_out(request: &Request<'_>, parameters: Vec<Parameter>, errors: &mut Vec<Error>) -> Groups {
        let Request { route, resource, .. } = request;
        let mut groups = Groups::default();
        for parameter in parameters {
            let bare = parameter.brackets.is_empty();
            let slot = match parameter.group.as_str() {
                "filter" if route.filter && !bare => &mut groups.filter,
                "sort" if route.sort && !resource.no_sorting && bare => &mut groups.sort,
                "page" if route.page && !resource.no_paging && page::is_known(request, &parameter.brackets) => {
                    &mut groups.page
                }
                "include" if route.shape && bare => &mut groups.include,
                "fields" if route.shape => &mut groups.fields,
                "meta" if route.shape && !resource.no_meta && bare => &mut groups.meta,
                _ => {
                    errors.push(unknown(request, &parameter));
                    continue;
                }
            };
            slot.push(parameter);
        }
        groups
    }
}

/// Reads the parameters of a query string.
pub fn read_string(raw: &str, strict: bool, errors: &mut Vec<Error>) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| {
            let text = if strict { text.replace('+', " ") } else { text.to_owned() };
            percent_decode_str(&text).decode_utf8().map(|text| text.into_owned())
        };
        match (decode(key), decode(value)) {
            (Ok(key), Ok(value)) if !key.contains('\0') && !value.contains('\0') => {
                parameters.push(Parameter::new(key, value));
            }
            _ => {
                let key = without_nul(&percent_decode_str(key).decode_utf8_lossy());
                errors.push(
                    Error::filter("The parameter is not percent-encoded UTF-8 text without NUL characters.")
                        .parameter(key),
                );
            }
        }
    }
    parameters
}

/// Reads a member of a body: `"filter": {"sku": {"neq": "A"}}`, `"filter[sku][neq]": "A"`, lists as arrays or with commas.
fn read_json(key: String, value: &Json, parameters: &mut Vec<Parameter>) {
    let text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    };
    match value {
        Json::Object(members) => {
            for (name, value) in members {
                // A name may have brackets of its own: `"filter": {"sku[neq]": "A"}`.
                let (first, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
                read_json(format!("{key}[{first}]{rest}"), value, parameters);
            }
        }
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            parameters.push(Parameter::new(key, items.join(",")));
        }
        single => parameters.push(Parameter::new(key, text(single))),
    }
}

/// The error for a parameter that is none, with the nearest that is one.
fn unknown(request: &Request<'_>, parameter: &Parameter) -> Error {
    parameter.error(match nearest(&parameter.key, known_keys(request)) {
        Some(known) => format!("The filter is not supported. Did you mean \"{known}\"?"),
        None => "The filter is not supported.".to_owned(),
    })
}

fn known_keys(request: &Request<'_>) -> Vec<String> {
    let Request { route, resource, .. } = request;
    let mut keys = Vec::new();
    if route.filter {
        keys.extend(filter::names(resource).map(|name| format!("filter[{name}]")));
    }
    if route.sort && !resource.no_sorting {
        keys.push("sort".to_owned());
    }
    if route.page && !resource.no_paging {
        keys.extend(page::keys(request).iter().map(|name| format!("page[{name}]")));
    }
    if route.shape {
        keys.push("include".to_owned());
        keys.push(format!("fields[{}]", resource.name));
        if !resource.no_meta {
            keys.push("meta".to_owned());
        }
    }
    keys
}

/// The candidate of the same group that differs from `given` in few letters.
fn nearest(given: &str, candidates: impl IntoIterator<Item = String>) -> Option<String> {
    let (group, name) = given.split_once('[').unwrap_or(("", given));
    let name: String = name.chars().take(100).collect::<String>().to_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let (own_group, own_name) = candidate.split_once('[').unwrap_or(("", candidate.as_str()));
            let distance = strsim::osa_distance(&name, &own_name.to_lowercase());
            (own_group == group).then_some((distance, candidate))
        })
        .filter(|(distance, _)| *distance <= (name.len() / 3).min(3))
        .min()
        .map(|(_, candidate)| candidate)
}
