//! Sparse fieldsets (contract, section 8).
//!
//! ```text
//! fields = "fields[" type "]=" [ name *( "," name ) ]
//! ```
//!
//! Without a name: type and id only. Unknown names are nothing; of a type given twice, the last counts.

use super::{Parameter, Request};
use crate::engine::plan::{Shape, Shapes};
use crate::error::Error;

pub(super) fn parse(request: &Request<'_>, parameters: &[Parameter], errors: &mut Vec<Error>) -> Shapes {
    let mut shapes = Shapes::default();
    for parameter in parameters {
        let [name] = parameter.brackets.as_slice() else {
            errors.push(parameter.error("An entity type is not specified."));
            continue;
        };
        if name.is_empty() {
            errors.push(parameter.error("An entity type is not specified."));
            continue;
        }
        let Some(resource) = request.registry.get(name) else {
            errors.push(parameter.error("An entity type is not known."));
            continue;
        };
        shapes.set(Shape::only(resource, &names(parameter)));
    }
    shapes
}

/// The names that a parameter lists.
pub fn names(parameter: &Parameter) -> Vec<String> {
    parameter.value.split(',').map(|name| name.trim().to_owned()).collect()
}
