//! `categories`: the tree that products are sorted into.

mod rules;

use self::rules::CategoryRules;
use crate::engine::field::{date_time, float, integer, text};
use crate::engine::filter::{COMPARISON, FilterSpec};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{Resource, Title, UniqueKey};
use crate::resources::activity::note::notes;
use crate::resources::catalog::{CATEGORY_LONG_DESCRIPTION, CATEGORY_SHORT_DESCRIPTION, CATEGORY_TITLE, PRODUCT};
use crate::resources::system::{ENTITY_FIELD_FALLBACK_VALUE, FILE, LOCALIZED_FALLBACK_VALUE, ORGANIZATION};

pub static CATEGORY: Resource = Resource::new("categories", "category")
    .title(Title::Localized("titles"))
    .rules(&CategoryRules)
    .about(
        "A node of the tree that products are sorted into. The server keeps its place (`left` to `materializedPath`).",
    )
    .fields(&[
        text("externalId").column("external_id").max(36).filter_list().indexed(),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
        integer("left").column("tree_left").read_only().not_null(),
        integer("level").column("tree_level").read_only().not_null().about("0 for a root."),
        integer("right").column("tree_right").read_only().not_null(),
        float("root").column("tree_root").read_only().about("The id of the tree's root."),
        text("materializedPath").column("materialized_path").read_only().about("The ids from the root, joined by `_`."),
        date_time("availability_date"),
    ])
    .relations(&[
        notes("note_category", "category_id").no_relationship_writes(),
        through("slugPrototypes", &LOCALIZED_FALLBACK_VALUE, "category_localized_value", "category_id", "value_id")
            .slot("slot", "slugPrototypes")
            .cascade(),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        to_many("titles", &CATEGORY_TITLE, "category_id").required(1).cascade(),
        to_one("parentCategory", &CATEGORY, "parent_category_id").late(),
        to_many("childCategories", &CATEGORY, "parent_category_id"),
        to_many("shortDescriptions", &CATEGORY_SHORT_DESCRIPTION, "category_id").cascade(),
        to_many("longDescriptions", &CATEGORY_LONG_DESCRIPTION, "category_id").cascade(),
        to_one("manageInventory", &ENTITY_FIELD_FALLBACK_VALUE, "manage_inventory_id").cascade(),
        to_one("highlightLowInventory", &ENTITY_FIELD_FALLBACK_VALUE, "highlight_low_inventory_id").cascade(),
        to_one("inventoryThreshold", &ENTITY_FIELD_FALLBACK_VALUE, "inventory_threshold_id").cascade(),
        to_one("lowInventoryThreshold", &ENTITY_FIELD_FALLBACK_VALUE, "low_inventory_threshold_id").cascade(),
        to_one("minimumQuantityToOrder", &ENTITY_FIELD_FALLBACK_VALUE, "minimum_quantity_to_order_id").cascade(),
        to_one("maximumQuantityToOrder", &ENTITY_FIELD_FALLBACK_VALUE, "maximum_quantity_to_order_id").cascade(),
        to_one("decrementQuantity", &ENTITY_FIELD_FALLBACK_VALUE, "decrement_quantity_id").cascade(),
        to_one("backOrder", &ENTITY_FIELD_FALLBACK_VALUE, "back_order_id").cascade(),
        to_one("isUpcoming", &ENTITY_FIELD_FALLBACK_VALUE, "is_upcoming_id").cascade(),
        through("metaTitles", &LOCALIZED_FALLBACK_VALUE, "category_localized_value", "category_id", "value_id")
            .slot("slot", "metaTitles")
            .no_filter()
            .no_sort()
            .cascade(),
        through("metaDescriptions", &LOCALIZED_FALLBACK_VALUE, "category_localized_value", "category_id", "value_id")
            .slot("slot", "metaDescriptions")
            .no_filter()
            .no_sort()
            .cascade(),
        through("metaKeywords", &LOCALIZED_FALLBACK_VALUE, "category_localized_value", "category_id", "value_id")
            .slot("slot", "metaKeywords")
            .no_filter()
            .no_sort()
            .cascade(),
        to_one("smallImage", &FILE, "small_image_id").cascade().no_filter().no_sort(),
        to_one("largeImage", &FILE, "large_image_id").cascade().no_filter().no_sort(),
        to_many("products", &PRODUCT, "category_id").filter(FilterSpec::new(COMPARISON).lists().ranges()),
    ])
    .unique(&[UniqueKey { constraint: "category_external_id_key", members: &["externalId"], upsert: true }]);
