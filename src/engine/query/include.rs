//! Related records in the same document (contract, section 7).
//!
//! ```text
//! include = [ path *( "," path ) ]
//! path    = relationship *( "." relationship )
//! ```
//!
//! A name that is no relationship ends its path without an error (strict: 400). A relationship that `fields` leaves
//! out is not followed. Without a path nothing is included.

use super::{Parameter, Request};
use crate::engine::plan::{Include, Shapes};
use crate::engine::resource::Resource;
use crate::error::Error;

pub(super) fn parse(
    request: &Request<'_>,
    parameters: &[Parameter],
    shapes: &Shapes,
    errors: &mut Vec<Error>,
) -> Vec<Include> {
    let mut tree = Vec::new();
    let Some(parameter) = parameters.last() else { return tree };
    if parameter.value.is_empty() {
        return tree;
    }
    let paths: Vec<&str> = parameter.value.split(',').map(str::trim).collect();
    if paths.iter().any(|path| path.is_empty()) {
        let detail = format!("Expected an array of not empty strings. Given \"{}\".", parameter.value);
        errors.push(parameter.error(detail));
        return tree;
    }
    if paths.len() > request.limits.include_paths {
        let limit = request.limits.include_paths;
        errors.push(parameter.error(format!("At most {limit} paths can be included. Given {}.", paths.len())));
        return tree;
    }
    let primary = if request.mixed.is_empty() { std::slice::from_ref(&request.resource) } else { request.mixed };
    for path in paths {
        let names: Vec<&str> = path.split('.').collect();
        if names.len() > request.limits.depth {
            let limit = request.limits.depth;
            errors.push(parameter.error(format!("A path can have at most {limit} relationships. Given \"{path}\".")));
            continue;
        }
        let complete = follow(&mut tree, shapes, None, primary, &names);
        if !complete && request.strict {
            errors.push(parameter.error(format!("The path \"{path}\" names no relationship that can be included.")));
        }
    }
    tree
}

/// The include paths of those dotted names, for records of the resource shown whole.
pub fn paths(resource: &'static Resource, dotted: &[&str]) -> Vec<Include> {
    let mut tree = Vec::new();
    for path in dotted {
        follow(&mut tree, &Shapes::default(), None, &[resource], &path.split('.').collect::<Vec<_>>());
    }
    tree
}

/// Adds a path below `parent`, where records of `owners` are found; `false` when a name of it is no relationship.
fn follow(
    tree: &mut Vec<Include>,
    shapes: &Shapes,
    parent: Option<usize>,
    owners: &[&'static Resource],
    names: &[&str],
) -> bool {
    let Some((name, rest)) = names.split_first() else { return true };
    let mut complete = false;
    for owner in owners {
        let Some(relation) = owner.relation(name).filter(|relation| !relation.hidden) else { continue };
        if !shapes.shows(owner, relation) {
            complete = true;
            continue;
        }
        let include = Include { owner, relation, parent };
        let place = tree.iter().position(|known| *known == include).unwrap_or_else(|| {
            tree.push(include);
            tree.len() - 1
        });
        complete |= follow(tree, shapes, Some(place), relation.targets(), rest);
    }
    complete
}
