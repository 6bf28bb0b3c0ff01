//! `customerratings`: how customers are rated, seeded.

use crate::engine::resource::Resource;
use crate::resources::choice::choices;

pub static CUSTOMER_RATING: Resource = choices("customerratings", "customer_rating")
    .example_id("3_of_5")
    .about("How a customer is rated within the organization, `1_of_5` to `5_of_5`.");
