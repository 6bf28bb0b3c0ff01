//! `productunits` in the storefront: what products are counted in, in the caller's language.

use diesel::pg::PgConnection;

use crate::commerce::locale;
use crate::engine::computed::{Ask, Computed, Values};
use crate::engine::field::{integer, text};
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::key::Key;
use crate::engine::resource::{ExtraFilter, FilterTarget, Ident, Ownership, READ_ONLY, Resource, Title};
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::error::Error;

pub static PRODUCT_UNIT: Resource = Resource::new("productunits", "product_unit")
    .global()
    .text_id("code")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .public()
    .computed(&Labels)
    .title(Title::Columns(&[Ident::new("label")]))
    .example_id("item")
    .about("What products are counted in, such as `item` or `kg`; the id is the unit's code.")
    .fields(&[
        text("label").computed(),
        text("shortLabel").computed(),
        text("pluralLabel").computed(),
        text("shortPluralLabel").computed(),
        integer("defaultPrecision").column("default_precision").read_only().not_null(),
    ])
    .extra_filters(&[ExtraFilter {
        name: "code",
        target: FilterTarget::Path("id"),
        spec: FilterSpec::new(EQUALITY).lists(),
    }]);

struct Labels;

/// The attributes, in the order of the statement's columns.
const LABELS: &[&str] = &["label", "shortLabel", "pluralLabel", "shortPluralLabel"];

impl Computed for Labels {
    /// In the first localization of the caller's chain that has them; else the unit's own.
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
        let chain = locale::chain(conn, ask.caller.locale.localization)?;
        let mut sql = Sql::new();
        sql.raw(
            "SELECT u.code, COALESCE(t.label, u.label), COALESCE(t.short_label, u.short_label), \
             COALESCE(t.plural_label, u.plural_label), COALESCE(t.short_plural_label, u.short_plural_label) \
             FROM product_unit u LEFT JOIN LATERAL (SELECT t.* FROM product_unit_text t \
             JOIN unnest(",
        );
        sql.bind(Value::Integers(chain)).raw(
            ") WITH ORDINALITY AS chain (localization_id, place) USING (localization_id) \
             WHERE t.unit_code = u.code ORDER BY chain.place LIMIT 1) t ON true WHERE u.code = ANY(",
        );
        sql.bind(key_array(ask.keys)).raw(")");
        sql.for_each(conn, |row| {
            let Some(code) = row.text(0)? else { return Ok(()) };
            for (place, attribute) in (1..).zip(LABELS) {
                values.put(Key::Text(code.clone()), attribute, row.text(place)?.into());
            }
            Ok(())
        })
    }
}
