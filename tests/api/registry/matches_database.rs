//! Every descriptor against `information_schema` and the system catalogue of the migrated database.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text};
use entrepot::engine::kind::Storage;
use entrepot::engine::relation::{Link, Relation};
use entrepot::engine::resource::{IdKind, Ident, Resource};

use super::registries;
use crate::support::database;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    data_type: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Array<Text>)]
    columns: Vec<String>,
    #[diesel(sql_type = Text)]
    target: String,
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_unique: bool,
    /// The columns and expressions in order.
    #[diesel(sql_type = Array<Text>)]
    parts: Vec<String>,
    /// Of a partial index.
    #[diesel(sql_type = Nullable<Text>)]
    condition: Option<String>,
}

/// What the database says of itself, read once.
struct Schema {
    columns: BTreeMap<(String, String), (String, bool)>,
    views: BTreeSet<String>,
    foreign_keys: Vec<ForeignKey>,
    indexes: Vec<Index>,
}

impl Schema {
    fn read() -> Schema {
        let mut conn = PgConnection::establish(database::shared()).unwrap();
        let columns: Vec<Column> = diesel::sql_query(
            "SELECT table_name::text, column_name::text, udt_name::text AS data_type, is_nullable = 'YES' AS nullable \
             FROM information_schema.columns WHERE table_schema = 'public'",
        )
        .load(&mut conn)
        .unwrap();
        let views: Vec<Column> = diesel::sql_query(
            "SELECT table_name::text, '' AS column_name, '' AS data_type, true AS nullable \
             FROM information_schema.views WHERE table_schema = 'public'",
        )
        .load(&mut conn)
        .unwrap();
        let foreign_keys = diesel::sql_query(
            "SELECT conrelid::regclass::text AS table_name, confrelid::regclass::text AS target, \
             ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place) \
             JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) AS columns \
             FROM pg_constraint WHERE contype = 'f'",
        )
        .load(&mut conn)
        .unwrap();
        let indexes = diesel::sql_query(
            "SELECT indrelid::regclass::text AS table_name, relname::text AS name, indisunique AS is_unique, \
             pg_get_expr(indpred, indrelid) AS condition, \
             ARRAY(SELECT pg_get_indexdef(indexrelid, place, true) FROM generate_series(1, indnkeyatts) AS place) AS parts \
             FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid \
             WHERE relnamespace = 'public'::regnamespace AND indisvalid",
        )
        .load(&mut conn)
        .unwrap();
        Schema {
            columns: columns
                .into_iter()
                .map(|column| ((column.table_name, column.column_name), (column.data_type, column.nullable)))
                .collect(),
            views: views.into_iter().map(|view| view.table_name).collect(),
            foreign_keys,
            indexes,
        }
    }

    fn column(&self, table: Ident, column: Ident) -> Option<&(String, bool)> {
        self.columns.get(&(table.as_str().to_owned(), column.as_str().to_owned()))
    }

    fn references(&self, table: Ident, columns: &[&str], target: Ident) -> bool {
        self.foreign_keys
            .iter()
            .any(|key| key.table_name == table.as_str() && key.columns == columns && key.target == target.as_str())
    }

    /// Whether an index begins with these columns. One over the rows where the last of them is not null will do.
    fn has_index(&self, table: Ident, columns: &[&str]) -> bool {
        let last = columns.last().copied().unwrap_or_default();
        self.indexes.iter().any(|index| {
            let whole = index.condition.as_ref().is_none_or(|condition| *condition == format!("({last} IS NOT NULL)"));
            index.table_name == table.as_str()
                && whole
                && index.parts.len() >= columns.len()
                && columns.iter().zip(&index.parts).all(|(column, part)| part.trim_matches('"') == *column)
        })
    }

    fn unique_index(&self, table: Ident, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.table_name == table.as_str() && index.name == name && index.is_unique)
    }
}

/// The Postgres types a storage may have. Texts of any length are `text`.
fn type_names(storage: Storage) -> &'static [&'static str] {
    match storage {
        Storage::Text => &["text"],
        Storage::Integer => &["int4"],
        Storage::BigInt => &["int8"],
        Storage::Numeric => &["numeric"],
        Storage::Boolean => &["bool"],
        Storage::Date => &["date"],
        Storage::Timestamp => &["timestamptz"],
        Storage::Uuid => &["uuid"],
        Storage::Json => &["jsonb"],
        Storage::Bytes => &["bytea"],
    }
}

fn id_type(kind: IdKind) -> &'static [&'static str] {
    match kind {
        IdKind::Integer => &["int8"],
        IdKind::Text => &["text"],
        IdKind::Guid { .. } | IdKind::Uuid => &["uuid"],
    }
}

/// Runs `find` over every resource and fails with all it found.
fn expect_none(find: impl Fn(&Schema, &'static Resource, &mut Vec<String>)) {
    let schema = Schema::read();
    let mut found = Vec::new();
    for registry in registries() {
        for resource in registry.resources {
            let mut of_resource = Vec::new();
            find(&schema, resource, &mut of_resource);
            found.extend(of_resource.into_iter().map(|line| format!("{} {}: {line}", registry.name, resource.name)));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn columns_have_the_type_of_their_kind() {
    expect_none(|schema, resource, found| {
        let mut expect = |column: Ident, types: &[&str]| match schema.column(resource.table, column) {
            None => found.push(format!("{}.{} does not exist", resource.table.as_str(), column.as_str())),
            Some((is, _)) if types.contains(&is.as_str()) => {}
            Some((is, _)) => found.push(format!("{} is {is}, not {}", column.as_str(), types.join(" or "))),
        };
        expect(resource.id.column, id_type(resource.id.kind));
        if let Some(tenant) = resource.tenant {
            expect(tenant, &["int8"]);
        }
        for field in resource.fields.iter().filter(|field| !field.computed) {
            expect(field.column, type_names(field.kind.storage()));
        }
        for relation in resource.relations {
            match &relation.link {
                Link::ToOne { column, .. } => expect(*column, id_type(relation.target.id.kind)),
                Link::Polymorphic { type_column, id_column, .. } => {
                    expect(*type_column, &["text"]);
                    expect(*id_column, &["int8"]);
                }
                Link::ToMany { .. } | Link::Through { .. } | Link::Union { .. } => {}
            }
        }
    });
}

#[test]
fn a_column_is_nullable_where_its_descriptor_says_so() {
    expect_none(|schema, resource, found| {
        // A view's columns are always nullable.
        if schema.views.contains(resource.table.as_str()) {
            return;
        }
        let mut expect = |name: &str, column: Ident, nullable: bool| {
            if let Some((_, is)) = schema.column(resource.table, column)
                && *is != nullable
            {
                let word = if *is { "may be" } else { "is never" };
                found.push(format!("the column of {name} {word} null, its descriptor says the opposite"));
            }
        };
        for field in resource.fields.iter().filter(|field| !field.computed) {
            expect(field.name, field.column, field.nullable);
        }
        for relation in resource.relations.iter().filter(|relation| !relation.hidden) {
            if let Link::ToOne { column, .. } = relation.link {
                expect(relation.name, column, relation.nullable);
            }
        }
    });
}

#[test]
fn links_are_foreign_keys_that_carry_the_organization() {
    expect_none(|schema, resource, found| {
        for relation in resource.relations {
            for (table, column, owner, target) in foreign_keys(resource, relation) {
                if schema.views.contains(table.as_str()) {
                    continue;
                }
                let columns = key_columns(owner, target, column);
                if !schema.references(table, &columns, target.table) {
                    let (table, columns) = (table.as_str(), columns.join(", "));
                    found.push(format!("{table} ({columns}) does not reference {}", target.table.as_str()));
                }
            }
        }
    });
}

#[test]
fn foreign_keys_have_an_index() {
    expect_none(|schema, resource, found| {
        for relation in resource.relations {
            for (table, column, owner, target) in foreign_keys(resource, relation) {
                // To the organization itself: it is the first part of every index.
                if Some(column) == owner.tenant || schema.views.contains(table.as_str()) {
                    continue;
                }
                // A table of an organization is only read with it, whatever the key points at.
                let columns = match owner.tenant {
                    Some(tenant) => vec![tenant.as_str(), column.as_str()],
                    None => key_columns(owner, target, column),
                };
                if !schema.has_index(table, &columns) {
                    found.push(format!("no index begins with {} ({})", table.as_str(), columns.join(", ")));
                }
            }
        }
    });
}

/// The foreign keys behind a relationship: table, column, the resource on whose side the table is, the one pointed at.
fn foreign_keys(
    resource: &'static Resource,
    relation: &Relation,
) -> Vec<(Ident, Ident, &'static Resource, &'static Resource)> {
    match relation.link {
        _ if relation.open => Vec::new(),
        Link::ToOne { column, .. } => vec![(resource.table, column, resource, relation.target)],
        Link::ToMany { column } => vec![(relation.target.table, column, relation.target, resource)],
        Link::Through { table, own, target, .. } => {
            // The join table belongs to an organization as soon as one of its sides does.
            let tenant = if resource.tenant.is_some() { resource } else { relation.target };
            vec![(table, own, tenant, resource), (table, target, tenant, relation.target)]
        }
        // The branches of a union are relationships themselves.
        Link::Polymorphic { .. } | Link::Union { .. } => Vec::new(),
    }
}

fn key_columns(owner: &'static Resource, target: &'static Resource, column: Ident) -> Vec<&'static str> {
    match (owner.tenant, target.tenant) {
        // An organization is its own tenant: the column is the whole key.
        (Some(_), Some(tenant)) if tenant == target.id.column => vec![column.as_str()],
        (Some(tenant), Some(_)) => vec![tenant.as_str(), column.as_str()],
        _ => vec![column.as_str()],
    }
}

#[test]
fn indexed_fields_have_an_index() {
    expect_none(|schema, resource, found| {
        if schema.views.contains(resource.table.as_str()) {
            return;
        }
        for field in resource.fields.iter().filter(|field| field.indexed) {
            let plain = field.column.as_str().to_owned();
            let case_insensitive = field.filter.is_some_and(|filter| filter.case_insensitive);
            let column = if case_insensitive { format!("lower({plain})") } else { plain };
            let columns: Vec<&str> = resource.tenant.map(Ident::as_str).into_iter().chain([column.as_str()]).collect();
            if !schema.has_index(resource.table, &columns) {
                found.push(format!("no index begins with ({})", columns.join(", ")));
            }
        }
    });
}

#[test]
fn unique_keys_are_unique_in_the_database() {
    expect_none(|schema, resource, found| {
        for key in resource.unique {
            let Some(index) = schema.unique_index(resource.table, key.constraint) else {
                found.push(format!("there is no unique index {}", key.constraint));
                continue;
            };
            for member in key.members {
                let column = match (resource.field(member), resource.relation(member).map(|relation| &relation.link)) {
                    (Some(field), _) => field.column,
                    (None, Some(Link::ToOne { column, .. })) => *column,
                    _ => continue,
                };
                if !index.parts.iter().any(|part| mentions(part, column)) {
                    found.push(format!("{} does not hold {member}", key.constraint));
                }
            }
        }
    });
}

/// Whether a part of an index is the column, or an expression over it.
fn mentions(part: &str, column: Ident) -> bool {
    part.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == column.as_str())
}

#[test]
fn every_table_has_the_sequence_its_ids_are_drawn_from() {
    let mut conn = PgConnection::establish(database::shared()).unwrap();
    let mut missing = Vec::new();
    for resource in registries().iter().flat_map(|registry| registry.resources) {
        if resource.id.kind != IdKind::Integer || !resource.actions.create {
            continue;
        }
        let sequence = format!("{}_id_seq", resource.table.as_str());
        let found: bool =
            diesel::select(diesel::dsl::sql::<Bool>("to_regclass(").bind::<Text, _>(&sequence).sql(") IS NOT NULL"))
                .get_result(&mut conn)
                .unwrap();
        if !found {
            missing.push(sequence);
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
