//! What a product says that no column of its own holds.

use std::collections::BTreeSet;

use chrono::Utc;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Number, Value as Json, json};

use super::inventory;
use crate::commerce::pricing::{PriceScope, prices};
use crate::commerce::website::default_website;
use crate::engine::computed::{Ask, Computed, Values};
use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;
use crate::storefront::texts::{self, Source};

pub struct Attributes;

const LOCALIZED: &str = "product_localized_value";

const TEXTS: &[Source] = &[
    Source::own("name", "product_name", "product_id", "string"),
    Source::own("shortDescription", "product_short_description", "product_id", "text"),
    Source::own("description", "product_description", "product_id", "wysiwyg"),
    Source::url(LOCALIZED, "product_id"),
    Source::urls(LOCALIZED, "product_id"),
    Source::slot("metaTitle", LOCALIZED, "product_id", "metaTitles", "string"),
    Source::slot("metaDescription", LOCALIZED, "product_id", "metaDescriptions", "text"),
    Source::slot("metaKeywords", LOCALIZED, "product_id", "metaKeywords", "text"),
];

const BRAND_NAMES: &[Source] = &[Source::slot("name", "brand_localized_value", "brand_id", "names", "string")];

impl Computed for Attributes {
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
        texts::load(conn, ask, TEXTS, values)?;
        if ask.wants("unitPrecisions") {
            values.read(conn, units(ask), &["unitPrecisions"])?;
        }
        if ask.wants("prices") {
            put_prices(conn, ask, values)?;
        }
        if ask.wants("productAttributes") {
            put_product_attributes(conn, ask, values)?;
        }
        inventory::load(conn, ask, values)
    }
}

/// What variants differ in, by the names that `variantFields` calls it; the brand in the caller's language, where it is
/// to be seen.
fn put_product_attributes(conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw(
        "SELECT p.id, b.id, p.featured, p.new_arrival, s.id, s.name FROM product p \
         JOIN prod_inventory_status s ON s.id = p.inventory_status_id \
         LEFT JOIN brand b ON b.organization_id = p.organization_id AND b.id = p.brand_id AND b.status = 'enabled' \
         WHERE p.organization_id = ",
    );
    sql.bind(Value::Integer(ask.caller.organization)).raw(" AND p.id = ANY(").bind(Value::Integers(ask.ids())).raw(")");
    let rows = sql.collect(conn, |row| -> Result<_, Error> {
        let status = json!({"id": row.text(4)?, "targetValue": row.text(5)?});
        let others = json!({"featured": row.boolean(2)?, "newArrival": row.boolean(3)?, "inventory_status": status});
        Ok((row.integer(0)?.unwrap_or_default(), row.integer(1)?, others))
    })?;
    let brands: BTreeSet<i64> = rows.iter().filter_map(|row| row.1).collect();
    let brands: Vec<Key> = brands.into_iter().map(Key::Integer).collect();
    let mut names = Values::default();
    texts::load(conn, Ask { keys: &brands, wanted: &["name"], ..ask }, BRAND_NAMES, &mut names)?;
    for (product, brand, mut attributes) in rows {
        attributes["brand"] = brand.map_or(
            Json::Null,
            |brand| json!({"id": brand.to_string(), "targetValue": names.get(&Key::Integer(brand), "name")}),
        );
        values.put(Key::Integer(product), "productAttributes", attributes);
    }
    Ok(())
}

/// The units that products are sold in, the default one first.
fn units(ask: Ask<'_>) -> Sql {
    let mut sql = Sql::new();
    sql.raw(
        "SELECT p.id, jsonb_agg(jsonb_build_object('unit', u.unit_code, 'precision', u.precision, \
         'conversionRate', trim_scale(u.conversion_rate), 'default', u.id = p.primary_unit_precision_id) \
         ORDER BY u.id <> p.primary_unit_precision_id, u.id) FROM product p JOIN product_unit_precision u \
         ON u.organization_id = p.organization_id AND u.product_id = p.id AND (u.sell OR u.id = p.primary_unit_precision_id) \
         WHERE p.organization_id = ",
    );
    sql.bind(Value::Integer(ask.caller.organization)).raw(" AND p.id = ANY(").bind(Value::Integers(ask.ids()));
    sql.raw(") GROUP BY p.id");
    sql
}

fn put_prices(conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
    let organization = ask.caller.organization;
    let scope = PriceScope {
        organization,
        website: default_website(conn, organization)?,
        customer: ask.caller.customer_user().map(|user| user.customer),
        at: Utc::now(),
    };
    let ids = ask.ids();
    let found = prices(conn, &scope, &ids, Some(&ask.caller.locale.currency))?;
    for id in ids {
        let own = found.iter().filter(|price| price.product == id).map(|price| {
            json!({
                "price": format!("{:.4}", price.value),
                "currencyId": price.currency,
                "quantity": number(price.quantity),
                "unit": price.unit,
            })
        });
        values.put(Key::Integer(id), "prices", own.collect());
    }
    Ok(())
}

/// A quantity as a JSON number without trailing zeros.
fn number(quantity: Decimal) -> Json {
    quantity.normalize().to_string().parse::<Number>().map_or(Json::Null, Json::Number)
}
