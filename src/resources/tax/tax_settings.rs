//! `taxsettings`: how the organization taxes its orders; one record, there from the start.

mod rules;

use self::rules::TaxSettingsRules;
use crate::engine::field::{boolean, date_time, enumeration, text};
use crate::engine::relation::to_one;
use crate::engine::resource::{READ_AND_UPDATE, Resource};
use crate::resources::catalog::PRODUCT_TAX_CODE;
use crate::resources::system::{COUNTRY, ORGANIZATION, REGION};

pub static TAX_SETTINGS: Resource = Resource::new("taxsettings", "tax_settings")
    .actions(READ_AND_UPDATE)
    .rules(&TaxSettingsRules)
    .about("How the organization taxes its orders. Orders follow at their next change.")
    .fields(&[
        boolean("enabled").not_null(),
        enumeration("useAsBase", &["shipping_address", "billing_address", "origin"])
            .column("use_as_base")
            .not_null()
            .about("The address whose taxes an order pays."),
        enumeration("startCalculationOn", &["total", "item"])
            .column("start_calculation_on")
            .not_null()
            .about("Whether cents are rounded once for the order or for each line."),
        boolean("productPricesIncludeTax").column("product_prices_include_tax").not_null(),
        boolean("shippingRatesIncludeTax").column("shipping_rates_include_tax").not_null(),
        text("originRegionText").column("origin_region_text").max(255),
        text("originPostalCode").column("origin_postal_code").max(255),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        to_one("organization", &ORGANIZATION, "organization_id").read_only().not_null(),
        to_one("shippingTaxCode", &PRODUCT_TAX_CODE, "shipping_tax_code_id")
            .about("How shipping is taxed; not at all without it."),
        to_one("originCountry", &COUNTRY, "origin_country_code"),
        to_one("originRegion", &REGION, "origin_region_code"),
    ]);
