//! Localized texts as flat attributes: of each record the text that the caller's localization shows.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use serde_json::{Value as Json, json};

use crate::commerce::locale::{self, Text, Texts};
use crate::engine::computed::{Ask, Computed, Values};
use crate::engine::key::Key;
use crate::engine::resource::Ident;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;

/// An attribute and where its texts lie.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    attribute: &'static str,
    table: Ident,
    /// The column with the record's id.
    owner: Ident,
    /// Texts of the table's own; or of `localized_fallback_value`, through rows of that slot.
    slot: Option<&'static str>,
    column: Ident,
    shows: Shows,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shows {
    Text,
    /// The path of a page, made of a slug.
    Path,
    /// The paths in the other localizations.
    OtherPaths,
}

impl Source {
    /// Texts in a table of their own.
    pub const fn own(
        attribute: &'static str,
        table: &'static str,
        owner: &'static str,
        column: &'static str,
    ) -> Source {
        Source {
            attribute,
            table: Ident::new(table),
            owner: Ident::new(owner),
            slot: None,
            column: Ident::new(column),
            shows: Shows::Text,
        }
    }

    /// Texts among the localized values of a record.
    pub const fn slot(
        attribute: &'static str,
        table: &'static str,
        owner: &'static str,
        slot: &'static str,
        column: &'static str,
    ) -> Source {
        Source { slot: Some(slot), ..Source::own(attribute, table, owner, column) }
    }

    /// `url`: the path of the record's page.
    pub const fn url(table: &'static str, owner: &'static str) -> Source {
        Source { shows: Shows::Path, ..Source::slot("url", table, owner, "slugPrototypes", "string") }
    }

    /// `urls`: the paths in the other localizations.
    pub const fn urls(table: &'static str, owner: &'static str) -> Source {
        Source { shows: Shows::OtherPaths, ..Source::slot("urls", table, owner, "slugPrototypes", "string") }
    }
}

/// Works out the attributes of a resource that has no others to work out.
pub struct Localized(pub &'static [Source]);

impl Computed for Localized {
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
        load(conn, ask, self.0, values)
    }
}

/// Puts in those of the sources' attributes that are wanted.
pub fn load(conn: &mut PgConnection, ask: Ask<'_>, sources: &[Source], values: &mut Values) -> Result<(), Error> {
    let wanted: Vec<Source> = sources.iter().filter(|source| ask.wants(source.attribute)).copied().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let chain = locale::chain(conn, ask.caller.locale.localization)?;
    let ids = ask.ids();
    let mut found: HashMap<(i64, i64), Texts> = HashMap::new();
    statement(&wanted, ask.caller.organization, &ids).for_each(conn, |row| -> Result<(), Error> {
        let (Some(id), Some(place)) = (row.integer(0)?, row.integer(1)?) else { return Ok(()) };
        let text = Text { fallback: row.text(3)?, text: row.text(4)? };
        found.entry((id, place)).or_default().insert(row.integer(2)?, text);
        Ok(())
    })?;
    for id in ids {
        for (place, source) in (0..).zip(&wanted) {
            let texts = found.remove(&(id, place)).unwrap_or_default();
            let shown = locale::choose(&texts, &chain);
            let value = match source.shows {
                Shows::Text => json!(shown),
                Shows::Path => json!(shown.map(path)),
                Shows::OtherPaths => other_paths(&texts, chain.first()),
            };
            values.put(Key::Integer(id), source.attribute, value);
        }
    }
    Ok(())
}

/// Record, source, localization, fallback and text of every text.
fn statement(sources: &[Source], organization: i64, ids: &[i64]) -> Sql {
    let mut sql = Sql::new();
    for (place, source) in sources.iter().enumerate() {
        sql.raw(if place == 0 { "SELECT x." } else { " UNION ALL SELECT x." }).ident(source.owner).raw(", ");
        sql.number(place).raw("::bigint, v.localization_id, v.fallback, v.").ident(source.column);
        sql.raw(" FROM ").ident(source.table).raw(" AS x JOIN ");
        match source.slot {
            Some(_) => {
                sql.raw("localized_fallback_value AS v ON v.organization_id = x.organization_id AND v.id = x.value_id")
            }
            None => sql.ident(source.table).raw(" AS v ON v.organization_id = x.organization_id AND v.id = x.id"),
        };
        sql.raw(" WHERE x.organization_id = ").bind(Value::Integer(organization));
        sql.raw(" AND x.").ident(source.owner).raw(" = ANY(").bind(Value::Integers(ids.to_vec())).raw(")");
        if let Some(slot) = source.slot {
            sql.raw(" AND x.slot = ").bind(Value::Text(slot.to_owned()));
        }
    }
    sql
}

fn path(slug: &str) -> String {
    format!("/{slug}")
}

fn other_paths(texts: &Texts, current: Option<&i64>) -> Json {
    let mut others: Vec<(i64, String)> = texts
        .iter()
        .filter_map(|(localization, text)| Some(((*localization)?, text)))
        .filter(|(localization, text)| Some(localization) != current && text.fallback.is_none())
        .filter_map(|(localization, text)| Some((localization, path(text.text.as_deref()?))))
        .collect();
    others.sort_unstable();
    others.into_iter().map(|(id, url)| json!({"url": url, "localizationId": id.to_string()})).collect()
}
