//! `entityfieldfallbackvalues`: option values of products and categories that may come from elsewhere.

mod rules;

use self::rules::FallbackValueRules;
use crate::engine::field::{array, text};
use crate::engine::resource::{NO_DELETE, Resource};

pub static ENTITY_FIELD_FALLBACK_VALUE: Resource =
    Resource::new("entityfieldfallbackvalues", "entity_field_fallback_value")
        .actions(NO_DELETE)
        .no_title()
        .rules(&FallbackValueRules)
        .about(
            "The value of an option, or where it comes from (`systemConfig`, `category`, `parentCategory`). \
             Exactly one of the three attributes is set.",
        )
        .fields(&[
            text("fallback").max(64).example("systemConfig"),
            text("scalarValue").column("scalar_value").max(255),
            array("arrayValue").column("array_value"),
        ]);
