//! Every resource of the back office, one line each, sorted by type.

pub mod account;
pub mod activity;
pub mod address;
pub mod catalog;
pub mod choice;
pub mod customer;
pub mod integration;
pub mod inventory;
pub mod password;
pub mod pricing;
pub mod sales;
mod shared;
pub mod shipping;
pub mod system;
pub mod tax;

use crate::acl::EVERY_RESOURCE;
use crate::engine::resource::{Ownership, Resource};

/// The back office's resources.
pub static ALL: &[&Resource] = &[
    &system::ADDRESS_TYPE,
    &system::ASYNC_OPERATION_ERROR,
    &system::ASYNC_OPERATION_RESULT,
    &system::ASYNC_OPERATION,
    &activity::ATTACHMENT,
    &catalog::ATTRIBUTE_FAMILY,
    &catalog::BRAND,
    &system::BUSINESS_UNIT,
    &catalog::CATEGORY,
    &catalog::CATEGORY_LONG_DESCRIPTION,
    &catalog::CATEGORY_SHORT_DESCRIPTION,
    &catalog::CATEGORY_TITLE,
    &activity::COMMENT,
    &system::COUNTRY,
    &customer::CUSTOMER_ADDRESS,
    &customer::CUSTOMER_GROUP,
    &pricing::CUSTOMER_PRICE,
    &customer::CUSTOMER_RATING,
    &customer::CUSTOMER,
    &customer::CUSTOMER_TAX_CODE,
    &customer::CUSTOMER_USER_ADDRESS,
    &customer::CUSTOMER_USER_AUTH_STATUS,
    &customer::CUSTOMER_USER_ROLE,
    &customer::CUSTOMER_USER,
    &system::ENTITY_FIELD_FALLBACK_VALUE,
    &system::FILE,
    &shipping::FREIGHT_CLASS,
    &inventory::INVENTORY_LEVEL,
    &shipping::LENGTH_UNIT,
    &system::LOCALIZATION,
    &system::LOCALIZED_FALLBACK_VALUE,
    &activity::NOTE,
    &sales::ORDER_ADDRESS,
    &sales::ORDER_DISCOUNT,
    &sales::ORDER_INTERNAL_STATUS,
    &sales::ORDER_LINE_ITEM,
    &sales::ORDER_KIT_ITEM_LINE_ITEM,
    &sales::ORDER,
    &sales::ORDER_SHIPPING_STATUS,
    &sales::ORDER_SHIPPING_TRACKING,
    &sales::ORDER_STATUS,
    &sales::ORDER_SUBTOTAL,
    &system::ORGANIZATION,
    &customer::PAYMENT_TERM,
    &pricing::PRICE_LIST_CUSTOMER_FALLBACK,
    &pricing::PRICE_LIST_CUSTOMER_GROUP_FALLBACK,
    &pricing::PRICE_LIST,
    &pricing::PRICE_LIST_SCHEDULE,
    &pricing::PRICE_LIST_TO_CUSTOMER_GROUP,
    &pricing::PRICE_LIST_TO_CUSTOMER,
    &pricing::PRICE_LIST_TO_WEBSITE,
    &pricing::PRICE_RULE,
    &catalog::PROD_INVENTORY_STATUS,
    &catalog::PRODUCT_DESCRIPTION,
    &catalog::PRODUCT_IMAGE,
    &catalog::PRODUCT_IMAGE_TYPE,
    &catalog::PRODUCT_KIT_ITEM_LABEL,
    &catalog::PRODUCT_KIT_ITEM_PRODUCT,
    &catalog::PRODUCT_KIT_ITEM,
    &catalog::PRODUCT_NAME,
    &pricing::PRODUCT_PRICE,
    &catalog::PRODUCT,
    &shipping::PRODUCT_SHIPPING_OPTIONS,
    &catalog::PRODUCT_SHORT_DESCRIPTION,
    &catalog::PRODUCT_TAX_CODE,
    &catalog::PRODUCT_UNIT_PRECISION,
    &catalog::PRODUCT_UNIT,
    &catalog::PRODUCT_VARIANT_LINK,
    &system::REGION,
    &catalog::RELATED_PRODUCT,
    &tax::TAX,
    &tax::TAX_JURISDICTION,
    &tax::TAX_RULE,
    &tax::TAX_SETTINGS,
    &system::USER_AUTH_STATUS,
    &system::USER_GROUP,
    &system::USER_PROFILE,
    &system::USER_ROLE,
    &system::USER,
    &integration::WEBHOOK_DELIVERY,
    &integration::WEBHOOK_FORMAT,
    &integration::WEBHOOK,
    &integration::WEBHOOK_TOPIC,
    &system::WEBSITE,
    &shipping::WEIGHT_UNIT,
];

/// Whether records of that type, in the words of a role's permissions, belong to users.
fn belongs_to_users(name: &str) -> bool {
    let mut named = ALL.iter().filter(|resource| name == EVERY_RESOURCE || resource.name == name);
    named.any(|resource| matches!(resource.ownership, Ownership::User(_)))
}
