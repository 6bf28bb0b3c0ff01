//! `pricelistschedules`: when price lists are active.

pub mod rules;

use self::rules::PriceListScheduleRules;
use crate::engine::field::date_time;
use crate::engine::relation::to_one;
use crate::engine::resource::{Ownership, Resource};
use crate::resources::pricing::PRICE_LIST;

pub static PRICE_LIST_SCHEDULE: Resource = Resource::new("pricelistschedules", "price_list_schedule")
    .fields(&[
        date_time("activeAt")
            .column("active_at")
            .example("2030-01-01T00:00:00Z")
            .about("From this moment on; null: from the beginning."),
        date_time("deactivateAt")
            .column("deactivate_at")
            .example("2030-02-01T00:00:00Z")
            .about("Until this moment, which is not in it; null: without an end."),
    ])
    .relations(&[to_one("priceList", &PRICE_LIST, "price_list_id").required(1).create_only()])
    .owned_by(Ownership::Part(&["priceList"]))
    .matched_by(&["priceList", "activeAt", "deactivateAt"])
    .no_title()
    .rules(&PriceListScheduleRules)
    .about("A period in which a price list is active. A list with schedules is active in one of them only.");
