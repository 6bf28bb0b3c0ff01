//! `relatedproducts`: which products are shown along with a product.

mod rules;

use self::rules::RelatedProductRules;
use crate::engine::relation::to_one;
use crate::engine::resource::{Actions, Ownership, Resource, UniqueKey};
use crate::resources::catalog::PRODUCT;

/// A relation is made or removed; another one is another record.
const NO_UPDATE: Actions =
    Actions { list: true, get: true, create: true, update: false, delete: true, delete_list: true };

pub static RELATED_PRODUCT: Resource = Resource::new("relatedproducts", "related_product")
    .actions(NO_UPDATE)
    .owned_by(Ownership::Part(&["product"]))
    .no_title()
    .rules(&RelatedProductRules)
    .about("A product that is shown along with another one; the other way round is a record of its own.")
    .relations(&[
        to_one("product", &PRODUCT, "product_id").required(1).create_only(),
        to_one("relatedItem", &PRODUCT, "related_item_id").required(1).create_only(),
    ])
    .unique(&[UniqueKey {
        constraint: "related_product_product_id_related_item_id_key",
        members: &["product", "relatedItem"],
        upsert: false,
    }]);
