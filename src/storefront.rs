//! The storefront's registry: the same tables through the eyes of those who buy. Sorted by type.
//!
//! Where a resource is the same in both APIs, both name one descriptor.

pub mod catalog;
pub mod customer;
pub mod localization;
pub mod media;
pub mod sales;
pub mod texts;

use crate::engine::external::{self, ExternalId};
use crate::engine::resource::Resource;
use crate::resources::system::{ADDRESS_TYPE, COUNTRY, REGION};

/// The storefront's resources.
pub static ALL: &[&Resource] = &[
    &ADDRESS_TYPE,
    &catalog::BRAND,
    &COUNTRY,
    &customer::CUSTOMER_ADDRESS,
    &customer::CUSTOMER_GROUP,
    &customer::CUSTOMER,
    &customer::CUSTOMER_USER_ADDRESS,
    &customer::CUSTOMER_USER_ROLE,
    &customer::CUSTOMER_USER,
    &localization::LOCALIZATION,
    &catalog::CATEGORY,
    &catalog::CATEGORY_NODE,
    &sales::ORDER_ADDRESS,
    &sales::ORDER_LINE_ITEM,
    &sales::ORDER_KIT_ITEM_LINE_ITEM,
    &sales::ORDER,
    &sales::ORDER_SHIPPING_STATUS,
    &sales::ORDER_STATUS,
    &catalog::PRODUCT_FAMILY,
    &catalog::PRODUCT_IMAGE,
    &catalog::INVENTORY_STATUS,
    &catalog::KIT_ITEM_PRODUCT,
    &catalog::KIT_ITEM,
    &catalog::PRODUCT,
    &catalog::PRODUCT_UNIT,
    &REGION,
];

/// The attribute with a product's number, where products go by their SKU (`X-Product-ID: sku`).
pub const PRODUCT_ID: &str = "productId";

/// The storefront's resources once more, with products that go by their SKU.
pub fn by_sku() -> Result<&'static [&'static Resource], Vec<String>> {
    let sku = ExternalId { resource: "products".to_owned(), field: "sku".to_owned() };
    external::resources(ALL, &[sku], PRODUCT_ID)
}
