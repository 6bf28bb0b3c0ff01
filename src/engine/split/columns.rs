//! The mapping of a CSV file: column names → members of a resource object, cells → JSON.
//!
//! | column | cell |
//! |---|---|
//! | `id`, `lid`, `type` | as it is; the type is the resource's where there is none |
//! | `meta.update` | `true` or `false` |
//! | `meta.errors` | passed over: why the record failed when it was sent before |
//! | `meta.upsert` | `true`, `false`, or the names of a key's members, separated by semicolons |
//! | an attribute | a text, a number, `true` or `false`, a date; lists of texts separated by semicolons; else JSON |
//! | a relationship | the id of its target; several separated by semicolons; `type:id` where it has several types |
//!
//! An empty cell says nothing about its member; `#N/A` is null, and of a list nothing.

use serde_json::{Map, Value as Json, json};

use crate::engine::field::{Access, Field};
use crate::engine::kind::Kind;
use crate::engine::relation::Relation;
use crate::engine::resource::Resource;
use crate::error::Error;

/// The cell that clears.
const NULL: &str = "#N/A";
/// The column that says why a record failed.
pub const REASON: &str = "meta.errors";
/// What separates the items of a list.
const SEPARATOR: char = ';';

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Column {
    /// `id`, `lid` or `type`.
    Identity(&'static str),
    /// `update` or `upsert`.
    Option(&'static str),
    /// Why the record failed when it was sent before.
    Reason,
    Attribute(&'static Field),
    Relationship(&'static Relation),
}

/// The columns of a file.
#[derive(Debug)]
pub struct Columns {
    resource: &'static Resource,
    columns: Vec<Column>,
}

impl Columns {
    /// Finds what the names in the first row mean.
    pub fn of<'n>(resource: &'static Resource, names: impl Iterator<Item = &'n str>) -> Result<Columns, Error> {
        let mut columns: Vec<Column> = Vec::new();
        for name in names.map(str::trim) {
            let column = column(resource, name).ok_or_else(|| unknown(resource, name))?;
            if columns.contains(&column) {
                return Err(Error::request_data(format!("The column \"{name}\" is there twice.")));
            }
            columns.push(column);
        }
        Ok(Columns { resource, columns })
    }

    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// The resource object of a row. It has as many cells as there are columns.
    pub fn object<'c>(&self, cells: impl Iterator<Item = &'c str>) -> Json {
        let mut object = Map::new();
        object.insert("type".to_owned(), json!(self.resource.name));
        let [mut attributes, mut relationships, mut meta] = [Map::new(), Map::new(), Map::new()];
        for (column, cell) in self.columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            match column {
                Column::Identity(name) => {
                    object.insert((*name).to_owned(), json!(cell));
                }
                Column::Option(name) => {
                    meta.insert((*name).to_owned(), option(name, cell));
                }
                Column::Reason => {}
                Column::Attribute(field) => {
                    attributes.insert(field.name.to_owned(), attribute(field.kind, cell));
                }
                Column::Relationship(relation) => {
                    relationships.insert(relation.name.to_owned(), json!({"data": linkage(relation, cell)}));
                }
            }
        }
        for (name, members) in [("meta", meta), ("attributes", attributes), ("relationships", relationships)] {
            if !members.is_empty() {
                object.insert(name.to_owned(), Json::Object(members));
            }
        }
        Json::Object(object)
    }
}

fn column(resource: &'static Resource, name: &str) -> Option<Column> {
    match name {
        "id" => return Some(Column::Identity("id")),
        "lid" => return Some(Column::Identity("lid")),
        "type" => return Some(Column::Identity("type")),
        "meta.update" => return Some(Column::Option("update")),
        "meta.upsert" => return Some(Column::Option("upsert")),
        REASON => return Some(Column::Reason),
        _ => {}
    }
    let field = resource.field(name).filter(|field| field.access != Access::Hidden).map(Column::Attribute);
    field.or_else(|| resource.relation(name).filter(|relation| !relation.hidden).map(Column::Relationship))
}

fn unknown(resource: &'static Resource, name: &str) -> Error {
    let fields = resource.fields.iter().filter(|field| field.access != Access::Hidden).map(|field| field.name);
    let known = ["id", "meta.update", "meta.upsert"].into_iter().chain(fields);
    let known: Vec<&str> = known.chain(resource.visible_relations().map(|relation| relation.name)).collect();
    let detail =
        format!("The column \"{name}\" is nothing that \"{}\" has. Its columns: {}.", resource.name, known.join(", "));
    Error::request_data(detail)
}

fn option(name: &str, cell: &str) -> Json {
    match cell.trim() {
        "1" | "true" | "True" | "TRUE" | "yes" | "Yes" => json!(true),
        "0" | "false" | "False" | "FALSE" | "no" | "No" => json!(false),
        other if name == "upsert" => json!(items(other).collect::<Vec<_>>()),
        other => json!(other),
    }
}

fn items(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(SEPARATOR).map(str::trim).filter(|item| !item.is_empty())
}

fn attribute(kind: Kind, cell: &str) -> Json {
    if cell == NULL {
        return Json::Null;
    }
    let text = || Json::String(cell.to_owned());
    match kind {
        Kind::TextList if cell.trim_start().starts_with('[') => serde_json::from_str(cell).unwrap_or_else(|_| text()),
        Kind::TextList => json!(items(cell).collect::<Vec<_>>()),
        Kind::Array | Kind::Objects(_) | Kind::Json => serde_json::from_str(cell).unwrap_or_else(|_| text()),
        Kind::Boolean => match cell.trim() {
            "TRUE" => json!(true),
            "FALSE" => json!(false),
            other => json!(other),
        },
        Kind::Text | Kind::LongText | Kind::Password | Kind::Secret | Kind::Base64 => text(),
        // Their texts are read as the values that they spell.
        Kind::Integer
        | Kind::BigInt
        | Kind::Float
        | Kind::Decimal
        | Kind::Money
        | Kind::Percent
        | Kind::Percent100
        | Kind::Date
        | Kind::DateTime
        | Kind::Uuid
        | Kind::Currency
        | Kind::Enum(_) => json!(cell.trim()),
    }
}

fn linkage(relation: &Relation, cell: &str) -> Json {
    let identifier = |item: &str| {
        let several = relation.is_polymorphic().then(|| item.split_once(':')).flatten();
        let (type_name, id) = several.unwrap_or((relation.target.name, item));
        json!({"type": type_name, "id": id})
    };
    match (relation.is_many(), cell == NULL) {
        (true, true) => json!([]),
        (true, false) => items(cell).map(identifier).collect(),
        (false, true) => Json::Null,
        (false, false) => identifier(cell.trim()),
    }
}
