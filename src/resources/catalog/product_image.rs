//! `productimages`: the pictures of products.

use crate::engine::field::date_time;
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Ownership, Resource};
use crate::resources::catalog::{PRODUCT, PRODUCT_IMAGE_TYPE};
use crate::resources::system::FILE;

pub static PRODUCT_IMAGE: Resource = Resource::new("productimages", "product_image")
    .owned_by(Ownership::Part(&["product"]))
    .no_title()
    .about("A picture of a product: a file, and where it is shown.")
    .fields(&[date_time("updatedAt").column("updated_at").read_only().not_null()])
    .relations(&[
        to_one("product", &PRODUCT, "product_id").required(1),
        to_many("types", &PRODUCT_IMAGE_TYPE, "product_image_id").cascade(),
        to_one("image", &FILE, "image_id").cascade(),
    ]);
