//! `orderlineitems` in the storefront, to be read.

use crate::engine::field::{array, boolean, currency, date, date_time, float, long_text, money, text};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Ownership, READ_ONLY, Resource};
use crate::storefront::catalog::{PRODUCT, PRODUCT_UNIT};
use crate::storefront::sales::{ORDER, ORDER_KIT_ITEM_LINE_ITEM};

pub static ORDER_LINE_ITEM: Resource = Resource::new("orderlineitems", "sales_order_line_item")
    .actions(READ_ONLY)
    .owned_by(Ownership::Part(&["orders"]))
    .no_title()
    .about(
        "A product on an order. A product that is no longer for sale is told by `productSku` and `productName` alone.",
    )
    .fields(&[
        money("price").column("value").read_only().not_null().about("Of one unit."),
        currency("currency").read_only().not_null(),
        float("quantity").read_only().not_null(),
        text("productSku").column("product_sku").read_only(),
        text("productName").column("product_name").read_only(),
        text("freeFormProduct").column("free_form_product").read_only(),
        text("productUnitCode").column("product_unit_code").read_only(),
        text("checksum").read_only().not_null(),
        date("shipUntil").column("ship_by").read_only(),
        long_text("comment").read_only(),
        money("shippingEstimateAmount").column("shipping_estimate_amount").read_only(),
        money("unitPriceIncludingTax").column("unit_price_including_tax").read_only(),
        money("unitPriceExcludingTax").column("unit_price_excluding_tax").read_only(),
        money("unitPriceTaxAmount").column("unit_price_tax_amount").read_only(),
        money("rowTotalIncludingTax").column("row_total_including_tax").read_only(),
        money("rowTotalExcludingTax").column("row_total_excluding_tax").read_only(),
        money("rowTotalTaxAmount").column("row_tax_amount").read_only().not_null(),
        array("taxes").read_only().not_null().about(
            "The taxes on it: `[{\"tax\": \"CA\", \"rate\": \"0.08\", \"taxableAmount\": \"10.00\", \"taxAmount\": \"0.80\", \
             \"currency\": \"USD\"}]`",
        ),
        money("rowTotalDiscountAmount").column("row_total_discount_amount").read_only().not_null(),
        money("rowTotalAfterDiscount").column("row_total_after_discount").read_only(),
        money("rowTotalAfterDiscountExcludingTax").column("row_total_after_discount_excluding_tax").read_only(),
        money("rowTotalAfterDiscountIncludingTax").column("row_total_after_discount_including_tax").read_only(),
        boolean("draftDelete").column("draft_delete").read_only().not_null(),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null().filter().sort().indexed(),
    ])
    .relations(&[
        to_one("orders", &ORDER, "order_id").listed().read_only().not_null(),
        to_one("product", &PRODUCT, "product_id").read_only(),
        to_one("parentProduct", &PRODUCT, "parent_product_id").read_only(),
        to_one("productUnit", &PRODUCT_UNIT, "product_unit_id").read_only().not_null(),
        to_many("kitItemLineItems", &ORDER_KIT_ITEM_LINE_ITEM, "line_item_id").read_only(),
    ]);
