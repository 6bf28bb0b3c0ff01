//! Configurable products and their variants: input, products that a request changed; output, what is wrong with the
//! links from and to them.
//!
//! A link leads from a configurable product to a simple one of the same attribute family. Variants differ in the
//! parent's `variantFields`, and have a value for each of them. That is decided by the fields that products have
//! themselves ([`FACTS`]); where a parent names another one, its variants may be alike.

use diesel::pg::PgConnection;

use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::{Batch, Node};
use crate::error::{Code, Error, Errors, UNIQUE_VARIANT, VARIANT_LINKS};

/// The members of products that [`check`] looks at.
pub const DECISIVE: &[&str] =
    &["productType", "variantFields", "attributeFamily", "brand", "featured", "newArrival", "inventory_status"];

/// The fields of a product `v` that can tell variants apart, by the names that `variantFields` calls them.
const FACTS: &str = "jsonb_build_object('brand', v.brand_id, 'featured', v.featured, 'newArrival', v.new_arrival, \
    'inventory_status', v.inventory_status_id)";

/// A link that breaks a rule.
struct Fault {
    link: Key,
    parent: Key,
    variant: Key,
    /// The member of the link that is wrong.
    member: &'static str,
    /// The member of the parent or the variant that is wrong, when the request writes that one and not the link.
    of_product: &'static str,
    error: Error,
}

/// Refuses links of these products, as parents or as variants, that break a rule. Errors are placed at the link, the
/// parent or the variant, whichever the request writes.
pub fn check(batch: &mut Batch<'_>, products: &[Key]) -> Result<(), Errors> {
    if products.is_empty() {
        return Ok(());
    }
    let organization = batch.organization();
    lock(batch.conn, organization, products)?;
    let faults = faults(batch.conn, organization, products)?;
    let mut errors: Vec<Error> = faults.into_iter().map(|fault| place(batch, fault)).collect();
    // Of two variants that are alike, the one that was there before is not to blame.
    if errors.iter().any(|error| error.source.is_some()) {
        errors.retain(|error| error.source.is_some());
    }
    Errors::check(errors)
}

/// Locks the parents among and above the products, and the variants of those. Rules over several products hold only
/// when changes of any two of them take turns.
fn lock(conn: &mut PgConnection, organization: i64, products: &[Key]) -> Result<(), Errors> {
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM product WHERE organization_id = ").bind(Value::Integer(organization)).raw(" AND id IN (");
    sql.append(parents(organization, products)).raw(" UNION ALL SELECT product_id FROM product_variant_link");
    sql.raw(" WHERE organization_id = ").bind(Value::Integer(organization)).raw(" AND parent_product_id = ANY(");
    sql.bind(key_array(products)).raw(")) ORDER BY id FOR NO KEY UPDATE");
    sql.execute(conn)?;
    Ok(())
}

/// The products that have links and are among the given ones, or have one of these as a variant.
fn parents(organization: i64, products: &[Key]) -> Sql {
    let mut sql = Sql::new();
    sql.raw("SELECT parent_product_id FROM product_variant_link WHERE organization_id = ");
    sql.bind(Value::Integer(organization)).raw(" AND (parent_product_id = ANY(").bind(key_array(products));
    sql.raw(") OR product_id = ANY(").bind(key_array(products)).raw("))");
    sql
}

fn faults(conn: &mut PgConnection, organization: i64, products: &[Key]) -> Result<Vec<Fault>, Error> {
    let mut sql = Sql::new();
    sql.raw(
        "SELECT * FROM (
            SELECT l.id, l.parent_product_id, l.product_id, p.sku AS parent_sku, p.product_type AS parent_type,
                v.sku, v.product_type, v.attribute_family_id = p.attribute_family_id AS same_family, c.blank,
                c.known AND count(*) OVER (PARTITION BY l.parent_product_id, c.combination) > 1 AS twice
            FROM product_variant_link l
            JOIN product p ON p.organization_id = l.organization_id AND p.id = l.parent_product_id
            JOIN product v ON v.organization_id = l.organization_id AND v.id = l.product_id
            CROSS JOIN LATERAL (SELECT ",
    );
    sql.raw(FACTS).raw(
        " AS facts) f
            CROSS JOIN LATERAL (
                SELECT string_agg(n, ', ') FILTER (WHERE f.facts -> n = 'null') AS blank,
                    coalesce(bool_and(f.facts ? n), false) AS known,
                    jsonb_object_agg(n, f.facts -> n) AS combination
                FROM jsonb_array_elements_text(p.variant_fields) AS n
            ) c
            WHERE l.organization_id = ",
    );
    sql.bind(Value::Integer(organization)).raw(" AND l.parent_product_id IN (");
    sql.append(parents(organization, products)).raw(
        ")
        ) link
        WHERE parent_type <> 'configurable' OR product_type <> 'simple' OR NOT same_family OR blank IS NOT NULL OR twice
        ORDER BY id",
    );
    sql.collect(conn, |row| {
        let key = |place| -> Result<Key, Error> { Ok(Key::Integer(row.integer(place)?.unwrap_or_default())) };
        let text = |place| -> Result<String, Error> { Ok(row.text(place)?.unwrap_or_default()) };
        let (parent_sku, parent_type, sku, kind) = (text(3)?, text(4)?, text(5)?, text(6)?);
        let (code, member, of_product, detail): (&'static Code, _, _, _) = if parent_type != "configurable" {
            let detail =
                format!("The product \"{parent_sku}\" is {parent_type}; only a configurable product has variants.");
            (&VARIANT_LINKS, "parentProduct", "productType", detail)
        } else if kind != "simple" {
            let detail = format!("The product \"{sku}\" is {kind}; only a simple product is a variant.");
            (&VARIANT_LINKS, "product", "productType", detail)
        } else if row.boolean(7)? == Some(false) {
            let detail = format!("The product \"{sku}\" has another attribute family than \"{parent_sku}\".");
            (&VARIANT_LINKS, "product", "attributeFamily", detail)
        } else if let Some(blank) = row.text(8)? {
            let detail = format!("The product \"{sku}\" has no value for the variant fields: {blank}.");
            (&VARIANT_LINKS, "product", "variantFields", detail)
        } else {
            let detail = format!("Another variant of \"{parent_sku}\" has the same variant fields as \"{sku}\".");
            (&UNIQUE_VARIANT, "product", "variantFields", detail)
        };
        Ok(Fault {
            link: key(0)?,
            parent: key(1)?,
            variant: key(2)?,
            member,
            of_product,
            error: Error::new(code, detail),
        })
    })
}

fn place(batch: &Batch<'_>, fault: Fault) -> Error {
    let written = |resource: &str, key: &Key| {
        batch.nodes.iter().find(|node: &&Node| node.resource.name == resource && node.key == *key)
    };
    if let Some(link) = written("productvariantlinks", &fault.link) {
        return link.at_relation(fault.member, fault.error);
    }
    let (parent, variant) = (written("products", &fault.parent), written("products", &fault.variant));
    match (fault.of_product, parent, variant) {
        ("productType", Some(parent), _) if fault.member == "parentProduct" => {
            parent.at_attribute("productType", fault.error)
        }
        ("variantFields", Some(parent), _) => parent.at_attribute("variantFields", fault.error),
        ("variantFields", None, Some(variant)) => fault.error.at(variant.pointer.clone()),
        (member, _, Some(product)) | (member, Some(product), None) => product.at_member(member, fault.error),
        (_, None, None) => fault.error,
    }
}
