//! Properties in the `meta` of each record (contract, section 9).
//!
//! ```text
//! meta = name *( "," name )
//! name = "title"
//! ```

use super::{Parameter, Request};
use crate::error::Error;

pub(super) fn parse(request: &Request<'_>, parameters: &[Parameter], errors: &mut Vec<Error>) -> bool {
    let Some(parameter) = parameters.last() else { return false };
    if parameter.value.is_empty() {
        errors.push(parameter.error("Expected not empty string value. Given \"\"."));
        return false;
    }
    for name in parameter.value.split(',') {
        if name != "title" {
            let detail = format!("The \"{name}\" is not known meta property. Known properties: title.");
            errors.push(parameter.error(detail));
            return false;
        }
    }
    if request.resource.no_title {
        errors.push(parameter.error("The \"title\" is not allowed meta property. Allowed properties: ."));
        return false;
    }
    true
}
