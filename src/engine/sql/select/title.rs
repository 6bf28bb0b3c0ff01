//! The text that `meta=title` shows of a row.

use super::linkage::wire_id;
use crate::engine::relation::Link;
use crate::engine::resource::{Resource, Title};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;

/// The record's text for `meta.title`.
pub(super) fn title(sql: &mut Sql, conditions: &mut Conditions<'_>, resource: &'static Resource) {
    match resource.title {
        Title::Id => {
            wire_id(sql, 0, resource);
            sql.raw("::text");
        }
        Title::Columns(columns) => {
            sql.raw("concat_ws(' '");
            for column in columns {
                sql.raw(", ").column(0, *column).raw("::text");
            }
            sql.raw(")");
        }
        Title::Localized(name) => {
            let found = resource.relation(name).and_then(|relation| {
                let text = relation.target.field("string")?;
                let Link::ToOne { column, .. } = relation.target.relation("localization")?.link else { return None };
                Some((relation, text.column, column))
            });
            let Some((relation, text, localization)) = found else {
                wire_id(sql, 0, resource);
                sql.raw("::text");
                return;
            };
            let mut inner = Sql::new();
            let other = conditions.far_end(&mut inner, (resource, 0), relation, relation.target);
            sql.raw("(SELECT ").column(other, text).raw(" FROM ").append(inner);
            sql.raw(" AND ").column(other, localization).raw(" IS NULL ORDER BY ");
            sql.column(other, relation.target.id.column).raw(" LIMIT 1)");
        }
    }
}
