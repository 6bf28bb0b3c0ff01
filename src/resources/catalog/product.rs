//! `products`: what is sold, simple, configurable or a kit.

mod rules;

use self::rules::ProductRules;
use crate::engine::field::{Literal, boolean, date_time, enumeration, float, text, text_list};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{Ident, Ownership, Resource, Title, UniqueKey};
use crate::resources::activity::attachment::attachments;
use crate::resources::activity::note::notes;
use crate::resources::catalog::{
    ATTRIBUTE_FAMILY, BRAND, CATEGORY, PROD_INVENTORY_STATUS, PRODUCT_DESCRIPTION, PRODUCT_IMAGE, PRODUCT_KIT_ITEM,
    PRODUCT_NAME, PRODUCT_SHORT_DESCRIPTION, PRODUCT_TAX_CODE, PRODUCT_UNIT_PRECISION, PRODUCT_VARIANT_LINK,
    RELATED_PRODUCT,
};
use crate::resources::pricing::PRODUCT_PRICE;
use crate::resources::shipping::PRODUCT_SHIPPING_OPTIONS;
use crate::resources::system::{BUSINESS_UNIT, ENTITY_FIELD_FALLBACK_VALUE, LOCALIZED_FALLBACK_VALUE, ORGANIZATION};

/// Whether a product or brand is shown in the storefront.
pub const STATUSES: &[&str] = &["enabled", "disabled"];

pub static PRODUCT: Resource = Resource::new("products", "product")
    .owned_by(Ownership::BusinessUnit(Ident::new("owner_id")))
    .title(Title::Localized("names"))
    .rules(&ProductRules)
    .about("What is sold: a simple product, one with variants, or a kit of others.")
    .fields(&[
        text("sku").required().max(255).example("DRILL-18V").filter_list().sort().indexed(),
        enumeration("status", STATUSES).default(Literal::Text("disabled")).filter().sort().indexed(),
        text_list("variantFields").column("variant_fields").about("The attributes that tell variants apart."),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null().filter().sort().indexed(),
        boolean("featured").default(Literal::Boolean(false)).filter().sort(),
        boolean("newArrival").column("new_arrival").default(Literal::Boolean(false)).filter().sort(),
        text("kitShippingCalculationMethod").column("kit_shipping_calculation_method").max(32),
        date_time("availability_date"),
        enumeration("productType", &["simple", "configurable", "kit"])
            .column("product_type")
            .default(Literal::Text("simple")),
        float("category_sort_order"),
    ])
    .relations(&[
        attachments("product_id"),
        notes("note_product", "product_id"),
        to_one("category", &CATEGORY, "category_id"),
        through("slugPrototypes", &LOCALIZED_FALLBACK_VALUE, "product_localized_value", "product_id", "value_id")
            .slot("slot", "slugPrototypes")
            .cascade(),
        to_many("productShippingOptions", &PRODUCT_SHIPPING_OPTIONS, "product_id").cascade().no_filter().no_sort(),
        to_one("owner", &BUSINESS_UNIT, "owner_id").not_null(),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        to_many("unitPrecisions", &PRODUCT_UNIT_PRECISION, "product_id").cascade(),
        to_one("primaryUnitPrecision", &PRODUCT_UNIT_PRECISION, "primary_unit_precision_id").required(1).late(),
        to_many("names", &PRODUCT_NAME, "product_id").required(1).cascade(),
        to_many("descriptions", &PRODUCT_DESCRIPTION, "product_id").cascade(),
        to_many("variantLinks", &PRODUCT_VARIANT_LINK, "parent_product_id").cascade(),
        to_many("parentVariantLinks", &PRODUCT_VARIANT_LINK, "product_id").hidden().cascade(),
        to_one("defaultVariant", &PRODUCT, "default_variant_id").late(),
        to_many("shortDescriptions", &PRODUCT_SHORT_DESCRIPTION, "product_id").cascade(),
        to_many("images", &PRODUCT_IMAGE, "product_id").cascade(),
        to_many("prices", &PRODUCT_PRICE, "product_id").hidden().cascade(),
        to_many("relatedProducts", &RELATED_PRODUCT, "product_id").hidden().cascade(),
        to_many("relatedBy", &RELATED_PRODUCT, "related_item_id").hidden().cascade(),
        to_one("attributeFamily", &ATTRIBUTE_FAMILY, "attribute_family_id").required(1),
        to_one("brand", &BRAND, "brand_id"),
        to_many("kitItems", &PRODUCT_KIT_ITEM, "product_kit_id").cascade(),
        to_one("taxCode", &PRODUCT_TAX_CODE, "tax_code_id"),
        to_one("manageInventory", &ENTITY_FIELD_FALLBACK_VALUE, "manage_inventory_id").cascade(),
        to_one("highlightLowInventory", &ENTITY_FIELD_FALLBACK_VALUE, "highlight_low_inventory_id").cascade(),
        to_one("inventoryThreshold", &ENTITY_FIELD_FALLBACK_VALUE, "inventory_threshold_id").cascade(),
        to_one("lowInventoryThreshold", &ENTITY_FIELD_FALLBACK_VALUE, "low_inventory_threshold_id").cascade(),
        to_one("minimumQuantityToOrder", &ENTITY_FIELD_FALLBACK_VALUE, "minimum_quantity_to_order_id").cascade(),
        to_one("maximumQuantityToOrder", &ENTITY_FIELD_FALLBACK_VALUE, "maximum_quantity_to_order_id").cascade(),
        to_one("decrementQuantity", &ENTITY_FIELD_FALLBACK_VALUE, "decrement_quantity_id").cascade(),
        to_one("backOrder", &ENTITY_FIELD_FALLBACK_VALUE, "back_order_id").cascade(),
        to_one("isUpcoming", &ENTITY_FIELD_FALLBACK_VALUE, "is_upcoming_id").cascade(),
        to_one("inventory_status", &PROD_INVENTORY_STATUS, "inventory_status_id").required(1).filter_list(),
        to_one("pageTemplate", &ENTITY_FIELD_FALLBACK_VALUE, "page_template_id").cascade(),
        through("metaKeywords", &LOCALIZED_FALLBACK_VALUE, "product_localized_value", "product_id", "value_id")
            .slot("slot", "metaKeywords")
            .no_filter()
            .no_sort()
            .cascade(),
        through("metaTitles", &LOCALIZED_FALLBACK_VALUE, "product_localized_value", "product_id", "value_id")
            .slot("slot", "metaTitles")
            .no_filter()
            .no_sort()
            .cascade(),
        through("metaDescriptions", &LOCALIZED_FALLBACK_VALUE, "product_localized_value", "product_id", "value_id")
            .slot("slot", "metaDescriptions")
            .no_filter()
            .no_sort()
            .cascade(),
    ])
    .unique(&[UniqueKey { constraint: "product_sku_key", members: &["sku"], upsert: true }]);
