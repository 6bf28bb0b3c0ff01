//! `orderproductkititemlineitems` in the storefront, to be read.

use crate::engine::field::{boolean, currency, float, integer, money, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ownership, READ_ONLY, Resource};
use crate::storefront::catalog::{KIT_ITEM, PRODUCT, PRODUCT_UNIT};
use crate::storefront::sales::ORDER_LINE_ITEM;

pub static ORDER_KIT_ITEM_LINE_ITEM: Resource =
    Resource::new("orderproductkititemlineitems", "sales_order_kit_item_line_item")
        .actions(READ_ONLY)
        .owned_by(Ownership::Part(&["lineItem"]))
        .no_title()
        .about("The product chosen for an item of a kit.")
        .fields(&[
            money("price").column("value").read_only().not_null().about("Of one unit."),
            currency("currency").read_only().not_null(),
            float("quantity").read_only().not_null().about("Per kit."),
            integer("sortOrder").column("sort_order").read_only().not_null(),
            float("productId").column("product_number").read_only(),
            text("productSku").column("product_sku").read_only(),
            text("productName").column("product_name").read_only(),
            text("productUnitCode").column("product_unit_code").read_only(),
            integer("productUnitPrecision").column("product_unit_precision").read_only().not_null(),
            float("kitItemId").column("kit_item_number").read_only(),
            text("kitItemLabel").column("kit_item_label").read_only(),
            boolean("optional").read_only().not_null(),
            float("minimumQuantity").column("minimum_quantity").read_only(),
            float("maximumQuantity").column("maximum_quantity").read_only(),
        ])
        .relations(&[
            to_one("lineItem", &ORDER_LINE_ITEM, "line_item_id").read_only().not_null(),
            to_one("kitItem", &KIT_ITEM, "kit_item_id").read_only().not_null(),
            to_one("product", &PRODUCT, "product_id").read_only(),
            to_one("productUnit", &PRODUCT_UNIT, "product_unit_id").read_only().not_null(),
        ]);
