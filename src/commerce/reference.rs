//! Reference data that every installation has: countries and regions (ISO 3166), address
//! types, localizations, product units, inventory statuses, units of weight and length, freight classes.
//!
//! [`load`] is run by `entrepot migrate` and may be repeated: names follow the source, nothing is removed.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use crate::engine::sql::{Sql, transaction};
use crate::engine::value::Value;

/// Inserts what is missing and brings names up to date.
pub fn load(conn: &mut PgConnection) -> QueryResult<()> {
    transaction(conn, |conn| {
        load_countries(conn)?;
        load_regions(conn)?;
        load_address_types(conn)?;
        load_localizations(conn)?;
        load_product_units(conn)?;
        load_product_unit_texts(conn)?;
        load_inventory_statuses(conn)?;
        load_shipping_units(conn)
    })
}

fn load_countries(conn: &mut PgConnection) -> QueryResult<()> {
    let countries = rust_iso3166::ALL;
    let mut sql = Sql::new();
    sql.raw("INSERT INTO country (iso2_code, iso3_code, name) SELECT * FROM unnest(")
        .bind(texts(countries.iter().map(|country| country.alpha2)))
        .raw(", ")
        .bind(texts(countries.iter().map(|country| country.alpha3)))
        .raw(", ")
        .bind(texts(countries.iter().map(|country| country.name)))
        .raw(") ON CONFLICT (iso2_code) DO UPDATE SET name = EXCLUDED.name WHERE country.name <> EXCLUDED.name");
    sql.execute(conn).map(drop)
}

fn load_regions(conn: &mut PgConnection) -> QueryResult<()> {
    let regions: Vec<_> =
        rust_iso3166::ALL.iter().flat_map(|country| country.subdivisions().unwrap_or_default()).collect();
    let mut sql = Sql::new();
    sql.raw("INSERT INTO region (combined_code, country_code, code, name) SELECT * FROM unnest(")
        .bind(texts(regions.iter().map(|region| region.code)))
        .raw(", ")
        .bind(texts(regions.iter().map(|region| region.country_code)))
        .raw(", ")
        .bind(texts(regions.iter().map(|region| region.region_code)))
        .raw(", ")
        .bind(texts(regions.iter().map(|region| region.name)))
        .raw(") ON CONFLICT (combined_code) DO UPDATE SET name = EXCLUDED.name WHERE region.name <> EXCLUDED.name");
    sql.execute(conn).map(drop)
}

fn load_address_types(conn: &mut PgConnection) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw(
        "INSERT INTO address_type (name, label) VALUES ('billing', 'Billing'), ('shipping', 'Shipping') \
         ON CONFLICT (name) DO NOTHING",
    );
    sql.execute(conn).map(drop)
}

/// English is the default; German and French are its children, so a missing text of theirs is the English one.
fn load_localizations(conn: &mut PgConnection) -> QueryResult<()> {
    let mut english = Sql::new();
    english.raw(
        "INSERT INTO localization (name, language_code, formatting_code, is_default) \
         VALUES ('English', 'en', 'en_US', true) ON CONFLICT (name) DO NOTHING",
    );
    english.execute(conn)?;
    let mut children = Sql::new();
    children.raw(
        "INSERT INTO localization (name, language_code, formatting_code, parent_localization_id) \
         SELECT child.name, child.language, child.formatting, localization.id \
         FROM (VALUES ('German', 'de', 'de_DE'), ('French', 'fr', 'fr_FR')) AS child (name, language, formatting) \
         JOIN localization ON localization.is_default ON CONFLICT (name) DO NOTHING",
    );
    children.execute(conn).map(drop)
}

/// Units are the organizations' to add to and rename, so present ones are left alone.
fn load_product_units(conn: &mut PgConnection) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw(
        "INSERT INTO product_unit (code, label, short_label, plural_label, short_plural_label, default_precision) \
         VALUES ('each', 'each', 'ea', 'each', 'ea', 0), ('hour', 'hour', 'hr', 'hours', 'hrs', 0), \
         ('item', 'item', 'item', 'items', 'items', 0), ('kg', 'kilogram', 'kg', 'kilograms', 'kg', 3), \
         ('piece', 'piece', 'pc', 'pieces', 'pcs', 0), ('set', 'set', 'set', 'sets', 'sets', 0) \
         ON CONFLICT (code) DO NOTHING",
    );
    sql.execute(conn).map(drop)
}

/// What the units above are called in German and French.
fn load_product_unit_texts(conn: &mut PgConnection) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw(
        "INSERT INTO product_unit_text (unit_code, localization_id, label, short_label, plural_label, short_plural_label) \
         SELECT text.code, localization.id, text.label, text.short, text.plural, text.short_plural FROM (VALUES \
         ('each', 'de', 'Stück', 'Stk', 'Stück', 'Stk'), ('hour', 'de', 'Stunde', 'Std', 'Stunden', 'Std'), \
         ('item', 'de', 'Artikel', 'Art', 'Artikel', 'Art'), ('kg', 'de', 'Kilogramm', 'kg', 'Kilogramm', 'kg'), \
         ('piece', 'de', 'Stück', 'Stk', 'Stück', 'Stk'), ('set', 'de', 'Satz', 'Satz', 'Sätze', 'Sätze'), \
         ('each', 'fr', 'pièce', 'pce', 'pièces', 'pces'), ('hour', 'fr', 'heure', 'h', 'heures', 'h'), \
         ('item', 'fr', 'article', 'art', 'articles', 'art'), ('kg', 'fr', 'kilogramme', 'kg', 'kilogrammes', 'kg'), \
         ('piece', 'fr', 'pièce', 'pce', 'pièces', 'pces'), ('set', 'fr', 'jeu', 'jeu', 'jeux', 'jeux') \
         ) AS text (code, language, label, short, plural, short_plural) \
         JOIN localization ON localization.language_code = text.language \
         JOIN product_unit ON product_unit.code = text.code ON CONFLICT (unit_code, localization_id) DO NOTHING",
    );
    sql.execute(conn).map(drop)
}

fn load_inventory_statuses(conn: &mut PgConnection) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw(
        "INSERT INTO prod_inventory_status (id, name, priority, is_default) \
         VALUES ('in_stock', 'In Stock', 1, true), ('out_of_stock', 'Out of Stock', 2, false), \
         ('discontinued', 'Discontinued', 3, false) ON CONFLICT (id) DO NOTHING",
    );
    sql.execute(conn).map(drop)
}

/// As product units: present ones are left alone.
fn load_shipping_units(conn: &mut PgConnection) -> QueryResult<()> {
    for statement in [
        r#"INSERT INTO weight_unit (code, conversion_rates)
        VALUES ('kg', '{"lbs": 2.20462262}'), ('lbs', '{"kg": 0.45359237}') ON CONFLICT (code) DO NOTHING"#,
        r#"INSERT INTO length_unit (code, conversion_rates)
        VALUES ('m', '{"cm": 100, "foot": 3.28084, "inch": 39.3701}'),
            ('cm', '{"m": 0.01, "foot": 0.0328084, "inch": 0.393701}'),
            ('foot', '{"m": 0.3048, "cm": 30.48, "inch": 12}'),
            ('inch', '{"m": 0.0254, "cm": 2.54, "foot": 0.0833333}') ON CONFLICT (code) DO NOTHING"#,
        "INSERT INTO freight_class (code) VALUES ('parcel') ON CONFLICT (code) DO NOTHING",
    ] {
        let mut sql = Sql::new();
        sql.raw(statement);
        sql.execute(conn)?;
    }
    Ok(())
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> Value {
    Value::Texts(values.map(str::to_owned).collect())
}
