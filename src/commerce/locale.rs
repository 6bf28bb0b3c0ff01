//! Languages and currencies: which there are, and which of a record's texts is shown in a language.
//!
//! A text of the current localization may have a word of its own, or refer to the default text (`system`) or to that of
//! the parent localization (`parent_localization`). Where a localization has no text, its parent's is shown; at the end of
//! the chain of parents stands the default text, which has no localization.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// Whether there is a localization of that id.
pub fn has_localization(conn: &mut PgConnection, id: i64) -> QueryResult<bool> {
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM localization WHERE id = ").bind(Value::Integer(id));
    Ok(!sql.collect(conn, |row| row.integer(0))?.is_empty())
}

/// The currencies of the organization's price lists in force, sorted.
pub fn currencies(conn: &mut PgConnection, organization: i64) -> QueryResult<Vec<String>> {
    let mut sql = Sql::new();
    sql.raw("SELECT DISTINCT code FROM price_list, jsonb_array_elements_text(currencies) AS code WHERE active");
    sql.raw(" AND organization_id = ").bind(Value::Integer(organization)).raw(" ORDER BY code");
    Ok(sql.collect(conn, |row| row.text(0))?.into_iter().flatten().collect())
}

/// The localization (the default one where none is named), its parent, and so on.
pub fn chain(conn: &mut PgConnection, localization: Option<i64>) -> QueryResult<Vec<i64>> {
    let mut sql = Sql::new();
    sql.raw("WITH RECURSIVE chain AS (SELECT id, parent_localization_id, 1 AS place FROM localization WHERE ");
    match localization {
        Some(id) => sql.raw("id = ").bind(Value::Integer(id)),
        None => sql.raw("is_default"),
    };
    sql.raw(
        " UNION ALL SELECT above.id, above.parent_localization_id, place + 1 FROM chain \
         JOIN localization AS above ON above.id = chain.parent_localization_id WHERE place < 16\
         ) SELECT id FROM chain ORDER BY place",
    );
    Ok(sql.collect(conn, |row| row.integer(0))?.into_iter().flatten().collect())
}

/// A text of a record in one localization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// `system` or `parent_localization`; `None`: the text itself.
    pub fallback: Option<String>,
    pub text: Option<String>,
}

/// The texts of one attribute of a record, by localization; the default one has none.
pub type Texts = HashMap<Option<i64>, Text>;

/// The text that the first localization of a [`chain`] shows.
pub fn choose<'t>(texts: &'t Texts, chain: &[i64]) -> Option<&'t str> {
    let default = || texts.get(&None).and_then(|text| text.text.as_deref());
    for localization in chain {
        match texts.get(&Some(*localization)) {
            Some(Text { fallback: None, text }) => return text.as_deref(),
            Some(Text { fallback: Some(word), .. }) if word == "system" => return default(),
            // The parent's, whether it is said or not.
            _ => {}
        }
    }
    default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[(Option<i64>, Option<&str>, Option<&str>)]) -> Texts {
        let own = |text: Option<&str>| text.map(str::to_owned);
        list.iter().map(|(id, fallback, text)| (*id, Text { fallback: own(*fallback), text: own(*text) })).collect()
    }

    #[test]
    fn the_nearest_text_is_shown() {
        let all = texts(&[(None, None, Some("drill")), (Some(2), None, Some("Bohrer"))]);
        assert_eq!(choose(&all, &[3, 2, 1]), Some("Bohrer"));
        assert_eq!(choose(&all, &[1]), Some("drill"));
        assert_eq!(choose(&all, &[]), Some("drill"));
        let own =
            texts(&[(None, None, Some("drill")), (Some(2), None, Some("Bohrer")), (Some(3), None, Some("Bohri"))]);
        assert_eq!(choose(&own, &[3, 2, 1]), Some("Bohri"));
    }

    #[test]
    fn a_fallback_says_where_to_look() {
        let words =
            |word| texts(&[(None, None, Some("drill")), (Some(2), None, Some("Bohrer")), (Some(3), word, None)]);
        assert_eq!(choose(&words(Some("system")), &[3, 2, 1]), Some("drill"));
        assert_eq!(choose(&words(Some("parent_localization")), &[3, 2, 1]), Some("Bohrer"));
        assert_eq!(choose(&words(Some("parent_localization")), &[3]), Some("drill"));
        // A text of its own that is empty is shown as that.
        assert_eq!(choose(&words(None), &[3, 2, 1]), None);
    }
}
