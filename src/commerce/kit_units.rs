//! The products of a kit item are sold in the item's unit: each points at its precision in that unit.

use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::Batch;
use crate::error::{Error, Errors, KIT_ITEM_UNIT};

/// Sets the unit precisions of the products of these kit items, and refuses products that do not have the item's unit
/// or are no simple products. Errors are placed at the product when the request writes it, else at the kit item.
pub fn assign(batch: &mut Batch<'_>, kit_items: &[Key]) -> Result<(), Errors> {
    if kit_items.is_empty() {
        return Ok(());
    }
    let organization = Value::Integer(batch.organization());
    let mut set = Sql::new();
    set.raw(
        "UPDATE product_kit_item_product AS choice SET product_unit_precision_id = (SELECT precision.id \
         FROM product_unit_precision AS precision WHERE precision.organization_id = item.organization_id \
         AND precision.product_id = choice.product_id AND precision.unit_code = item.product_unit_code) \
         FROM product_kit_item AS item WHERE item.organization_id = choice.organization_id \
         AND item.id = choice.kit_item_id AND choice.organization_id = ",
    );
    set.bind(organization.clone()).raw(" AND item.id = ANY(").bind(key_array(kit_items)).raw(")");
    set.execute(batch.conn)?;
    let mut wrong = Sql::new();
    wrong.raw(
        "SELECT choice.id, choice.kit_item_id, product.sku, product.product_type FROM product_kit_item_product AS choice \
         JOIN product ON product.organization_id = choice.organization_id AND product.id = choice.product_id \
         WHERE (choice.product_unit_precision_id IS NULL OR product.product_type <> 'simple') \
         AND choice.organization_id = ",
    );
    wrong.bind(organization).raw(" AND choice.kit_item_id = ANY(").bind(key_array(kit_items)).raw(")");
    let found = wrong.collect(batch.conn, |row| -> Result<_, Error> {
        Ok((row.integer(0)?, row.integer(1)?, row.text(2)?.unwrap_or_default(), row.text(3)?.unwrap_or_default()))
    })?;
    let errors = found.into_iter().map(|(choice, item, sku, kind)| {
        let detail = if kind == "simple" {
            format!("The product \"{sku}\" is not sold in the unit of the kit item.")
        } else {
            format!("The product \"{sku}\" is {kind}; a kit item takes simple products only.")
        };
        place(batch, choice, item, Error::new(&KIT_ITEM_UNIT, detail))
    });
    Errors::check(errors.collect())
}

fn place(batch: &Batch<'_>, choice: Option<i64>, item: Option<i64>, error: Error) -> Error {
    let written = |resource: &str, id: Option<i64>| {
        let key = id.map(Key::Integer)?;
        batch.nodes.iter().find(|node| node.resource.name == resource && node.key == key)
    };
    match (written("productkititemproducts", choice), written("productkititems", item)) {
        (Some(node), _) => node.at_relation("product", error),
        (None, Some(node)) => node.at_relation("kitItemProducts", error),
        (None, None) => error,
    }
}
