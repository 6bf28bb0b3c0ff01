//! `customerprices`: the prices that customers get, read from a view ([`crate::commerce::pricing`] tells the rule).

use crate::engine::field::{currency, float, money};
use crate::engine::filter::{FilterSpec, Operator, Operators};
use crate::engine::relation::to_one;
use crate::engine::resource::{Actions, Ownership, Resource};
use crate::resources::catalog::{PRODUCT, PRODUCT_UNIT};
use crate::resources::customer::CUSTOMER;
use crate::resources::pricing::PRICE_LIST;
use crate::resources::system::WEBSITE;

const EQUAL: FilterSpec = FilterSpec::new(Operators::of(&[Operator::Eq]));

const LIST_ONLY: Actions =
    Actions { list: true, get: false, create: false, update: false, delete: false, delete_list: false };

pub static CUSTOMER_PRICE: Resource = Resource::new("customerprices", "customer_price")
    .text_id("id")
    .fields(&[
        currency("currency").read_only().filter_by(EQUAL.lists()),
        float("quantity").read_only().about("The price holds from this quantity on."),
        money("value").read_only().about("The price of one unit."),
    ])
    .relations(&[
        to_one("product", &PRODUCT, "product_id").read_only().no_routes().filter(EQUAL.lists().ranges()).no_sort(),
        to_one("customer", &CUSTOMER, "customer_id").read_only().no_routes().filter(EQUAL.lists().ranges()).no_sort(),
        to_one("website", &WEBSITE, "website_id").read_only().no_routes().filter(EQUAL.lists().ranges()).no_sort(),
        to_one("unit", &PRODUCT_UNIT, "unit_code").read_only().no_routes().filter(EQUAL).no_sort(),
        to_one("priceList", &PRICE_LIST, "price_list_id").hidden(),
    ])
    .owned_by(Ownership::AllOf(&["customer", "product", "priceList"]))
    .actions(LIST_ONLY)
    .mandatory_filters(&["customer", "website", "product"])
    .no_meta()
    .no_paging()
    .no_sorting()
    .about(
        "The prices that a customer gets for products on a website, of all price lists that hold for it. Lists need \
         `filter[customer]`, `filter[website]` and `filter[product]`.",
    );
