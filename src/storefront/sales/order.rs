//! `orders` in the storefront, to be read.

mod parts;

use self::parts::Parts;
use crate::engine::field::{array, boolean, currency, date, date_time, json, long_text, money, text};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Ident, Ownership, READ_ONLY, Resource, Title};
use crate::storefront::customer::{CUSTOMER, CUSTOMER_USER};
use crate::storefront::sales::{ORDER_ADDRESS, ORDER_LINE_ITEM, ORDER_SHIPPING_STATUS, ORDER_STATUS};

pub static ORDER: Resource = Resource::new("orders", "sales_order")
    .actions(READ_ONLY)
    .owned_by(Ownership::CustomerUser { user: Ident::new("customer_user_id"), customer: Ident::new("customer_id") })
    .title(Title::Columns(&[Ident::new("identifier")]))
    .computed(&Parts)
    .about("An order of the caller, or of the caller's customers.")
    .fields(&[
        text("identifier").read_only().not_null().filter_list().case_insensitive().sort().indexed(),
        text("poNumber").column("po_number").read_only().filter_list().case_insensitive(),
        long_text("customerNotes").column("customer_notes").read_only(),
        date("shipUntil").column("ship_until").read_only(),
        currency("currency").read_only().not_null(),
        money("subtotalValue").column("subtotal_value").read_only().not_null(),
        money("subtotalWithDiscountsValue").column("subtotal_with_discounts").read_only().not_null(),
        money("subtotalWithDiscounts").column("subtotal_with_discounts").read_only().not_null(),
        money("totalValue").column("total_value").read_only().not_null(),
        money("totalIncludingTax").column("total_value").read_only().not_null(),
        money("totalExcludingTax").computed(),
        money("totalTaxAmount").column("tax_amount").read_only().not_null(),
        json("discounts")
            .computed()
            .about("`[{\"type\": \"…\", \"description\": \"Spring\", \"amount\": \"5.0000\"}]`"),
        json("shippingTrackings").computed().about("`[{\"method\": \"ups\", \"number\": \"1Z999\"}]`"),
        json("shippingMethod")
            .computed()
            .about("`{\"code\": \"flat_rate_1\", \"type\": \"primary\", \"label\": \"Flat Rate\"}`"),
        money("shippingCostAmount").computed(),
        text("paymentTerm").computed().about("The label of the payment term."),
        json("paymentStatus")
            .computed()
            .about("How far it is paid: `{\"code\": \"pending\", \"label\": \"Pending payment\"}`"),
        array("paymentMethod")
            .computed()
            .about("What it is paid with: `[{\"code\": \"payment_term\", \"label\": \"Payment Term\"}]`"),
        array("documents").computed().about(
            "Files that belong to it: `[{\"mimeType\": \"application/pdf\", \"originalFilename\": \"invoice.pdf\", \
             \"url\": \"…\"}]`",
        ),
        boolean("disablePromotions").column("disable_promotions").read_only().not_null(),
        date_time("createdAt").column("created_at").read_only().not_null().filter().sort().indexed(),
        date_time("updatedAt").column("updated_at").read_only().not_null().filter().sort().indexed(),
    ])
    .relations(&[
        to_many("lineItems", &ORDER_LINE_ITEM, "order_id").read_only().unlimited(),
        to_one("status", &ORDER_STATUS, "shown_status_id")
            .read_only()
            .not_null()
            .open()
            .filter_list()
            .about("The one that an external system gave it, else the one that the server keeps."),
        to_one("shippingStatus", &ORDER_SHIPPING_STATUS, "shipping_status_id").read_only().filter_list(),
        to_one("customer", &CUSTOMER, "customer_id").read_only().not_null(),
        to_one("customerUser", &CUSTOMER_USER, "customer_user_id").read_only(),
        to_one("billingAddress", &ORDER_ADDRESS, "billing_address_id").read_only(),
        to_one("shippingAddress", &ORDER_ADDRESS, "shipping_address_id").read_only(),
        to_one("parent", &ORDER, "parent_id").read_only(),
        to_many("subOrders", &ORDER, "parent_id").read_only(),
    ]);
