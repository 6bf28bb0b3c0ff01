//! `freightclasses`: how carriers classify goods, shared by all organizations.

use crate::engine::resource::{Actions, Ident, Ownership, Resource};
use crate::resources::shared::SharedRules;

/// There is nothing to change: the code is all there is.
const NO_UPDATE: Actions =
    Actions { list: true, get: true, create: true, update: false, delete: true, delete_list: true };

pub static FREIGHT_CLASS: Resource = Resource::new("freightclasses", "freight_class")
    .global()
    .text_id("code")
    .actions(NO_UPDATE)
    .owned_by(Ownership::Reference)
    .example_id("parcel")
    .rules(&SharedRules::of(Ident::new("freight_class")))
    .about("How a carrier classifies goods, such as `parcel`; the id is the class's code.");
