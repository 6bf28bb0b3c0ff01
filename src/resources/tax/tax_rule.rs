//! `taxrules`: which products and customers pay which tax, and where.

use crate::engine::field::{date_time, long_text};
use crate::engine::relation::to_one;
use crate::engine::resource::Resource;
use crate::resources::catalog::PRODUCT_TAX_CODE;
use crate::resources::customer::CUSTOMER_TAX_CODE;
use crate::resources::system::ORGANIZATION;
use crate::resources::tax::{TAX, TAX_JURISDICTION};

pub static TAX_RULE: Resource = Resource::new("taxrules", "tax_rule")
    .about("Products and customers with these tax codes pay the tax in the jurisdiction.")
    .fields(&[
        long_text("description"),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        to_one("organization", &ORGANIZATION, "organization_id").read_only().not_null(),
        to_one("productTaxCode", &PRODUCT_TAX_CODE, "product_tax_code_id").required(1),
        to_one("customerTaxCode", &CUSTOMER_TAX_CODE, "customer_tax_code_id").required(1),
        to_one("tax", &TAX, "tax_id").required(1),
        to_one("taxJurisdiction", &TAX_JURISDICTION, "tax_jurisdiction_id").required(1),
    ]);
