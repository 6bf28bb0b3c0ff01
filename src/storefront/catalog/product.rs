//! `products` in the storefront: those that are enabled, with texts in the caller's language and the caller's prices.

mod attributes;
mod inventory;

use self::attributes::Attributes;
use crate::engine::field::{Literal, boolean, date_time, enumeration, float, json, long_text, text, text_list};
use crate::engine::filter::{COMPARISON, FilterSpec, Operator, Operators};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{ExtraFilter, FilterTarget, Ident, Ownership, READ_ONLY, Resource, Title, UniqueKey};
use crate::storefront::catalog::{BRAND, CATEGORY, INVENTORY_STATUS, KIT_ITEM, PRODUCT_FAMILY, PRODUCT_IMAGE};

pub static PRODUCT: Resource = Resource::new("products", "product")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .only(&[(Ident::new("status"), Literal::Text("enabled"))])
    .public()
    .title(Title::Columns(&[Ident::new("sku")]))
    .computed(&Attributes)
    .about("What is for sale: a simple product, one with variants, or a kit of others.")
    .fields(&[
        text("sku").read_only().not_null().example("DRILL-18V").filter_list().sort().indexed(),
        text("name").computed(),
        long_text("shortDescription").computed(),
        long_text("description").computed().about("HTML."),
        enumeration("productType", &["simple", "configurable", "kit"]).column("product_type").read_only().not_null(),
        json("prices").computed().about(
            "The caller's prices in the current currency, of one unit from a quantity on: \
             `[{\"price\": \"119.9000\", \"currencyId\": \"USD\", \"quantity\": 1, \"unit\": \"item\"}]`.",
        ),
        json("unitPrecisions").computed().about(
            "The units it is sold in: `[{\"unit\": \"item\", \"precision\": 0, \"conversionRate\": 1, \"default\": true}]`.",
        ),
        boolean("lowInventory").computed().about("Whether little of it is left."),
        boolean("upcoming").computed().about("Whether it is announced, but cannot be had yet."),
        date_time("availabilityDate").computed().about("From when on an upcoming product can be had."),
        json("productAttributes").computed().about(
            "What can tell variants apart: `{\"brand\": {\"id\": \"1\", \"targetValue\": \"Kestrel\"}, \"featured\": false, \
             \"newArrival\": false, \"inventory_status\": {\"id\": \"in_stock\", \"targetValue\": \"In Stock\"}}`.",
        ),
        text_list("variantAttributeNames").column("variant_fields").read_only(),
        text("url").computed().about("The path of the product's page."),
        json("urls")
            .computed()
            .about("`[{\"url\": \"/bohrer\", \"localizationId\": \"2\"}]`: the paths in the other localizations."),
        text("metaTitle").computed(),
        long_text("metaDescription").computed(),
        long_text("metaKeywords").computed(),
        text("kitShippingCalculationMethod").column("kit_shipping_calculation_method").read_only(),
        boolean("featured").read_only().not_null().filter().sort(),
        boolean("newArrival").column("new_arrival").read_only().not_null().filter().sort(),
        float("category_sort_order").read_only(),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null().filter().sort().indexed(),
    ])
    .relations(&[
        to_one("category", &CATEGORY, "category_id").read_only(),
        to_one("productFamily", &PRODUCT_FAMILY, "attribute_family_id").read_only().not_null(),
        through("variantProducts", &PRODUCT, "visible_variant", "parent_product_id", "product_id")
            .read_only()
            .no_filter()
            .no_sort(),
        through("parentProducts", &PRODUCT, "visible_variant", "product_id", "parent_product_id")
            .read_only()
            .no_filter()
            .no_sort(),
        to_one("inventoryStatus", &INVENTORY_STATUS, "inventory_status_id").read_only().not_null().filter_list().no_sort(),
        to_one("defaultVariant", &PRODUCT, "default_variant_id").read_only(),
        to_many("images", &PRODUCT_IMAGE, "product_id").read_only(),
        to_one("brand", &BRAND, "brand_id").read_only(),
        to_many("kitItems", &KIT_ITEM, "product_kit_id").read_only(),
    ])
    .extra_filters(&[
        ExtraFilter {
            name: "rootCategory",
            target: FilterTarget::Path("category.lineage"),
            spec: FilterSpec::new(COMPARISON).lists(),
        },
        ExtraFilter {
            name: "variants",
            target: FilterTarget::Without("parentProducts"),
            spec: FilterSpec::new(Operators::of(&[Operator::Eq])),
        },
    ])
    .unique(&[UniqueKey { constraint: "product_sku_key", members: &["sku"], upsert: false }]);
