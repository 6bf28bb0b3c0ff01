//! `productkititemlabels`: the names of kit items, one per localization.

use crate::engine::field::{enumeration, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{Ident, NO_DELETE, Ownership, Resource, Title, UniqueKey};
use crate::resources::catalog::PRODUCT_KIT_ITEM;
use crate::resources::system::LOCALIZATION;
use crate::resources::system::localized_fallback_value::FALLBACKS;

pub static PRODUCT_KIT_ITEM_LABEL: Resource = Resource::new("productkititemlabels", "product_kit_item_label")
    .actions(NO_DELETE)
    .owned_by(Ownership::Part(&["kitItem"]))
    .title(Title::Columns(&[Ident::new("string")]))
    .about("The name of a kit item in one localization; without a localization it is the default one.")
    .fields(&[
        enumeration("fallback", FALLBACKS).filter().sort(),
        text("string").max(255).filter().sort().example("Battery"),
    ])
    .relations(&[
        to_one("localization", &LOCALIZATION, "localization_id").create_only(),
        to_one("kitItem", &PRODUCT_KIT_ITEM, "kit_item_id").required(1).create_only(),
    ])
    .unique(&[UniqueKey {
        constraint: "product_kit_item_label_kit_item_id_localization_id_key",
        members: &["kitItem", "localization"],
        upsert: false,
    }]);
