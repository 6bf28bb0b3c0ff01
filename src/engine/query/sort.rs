//! The order of a list (contract, section 6).
//!
//! ```text
//! sort = [ term *( "," term ) ]
//! term = [ "-" ] path
//! path = *( relationship "." ) ( "id" / field / relationship )
//! ```
//!
//! A relationship stands for the id at its end. Without terms: in the resource's own order, else by id. The id always ends the order, in the direction of
//! the term before it, so that an index on (column, id) serves both.

use super::{Parameter, Request};
use crate::engine::plan::{SortColumn, SortTerm};
use crate::engine::relation::Relation;
use crate::engine::resource::Resource;
use crate::error::{Error, SORT};

/// More terms than anyone sorts by.
const MOST_TERMS: usize = 16;

pub(super) fn parse(request: &Request<'_>, parameters: &[Parameter], errors: &mut Vec<Error>) -> Vec<SortTerm> {
    let mut terms: Vec<SortTerm> = Vec::new();
    let mut unsupported = Vec::new();
    if let Some(parameter) = parameters.last().filter(|parameter| !parameter.value.is_empty()) {
        for (place, text) in parameter.value.split(',').map(str::trim).enumerate() {
            if place == MOST_TERMS {
                let detail = format!("At most {MOST_TERMS} fields can be sorted by.");
                errors.push(Error::new(&SORT, detail).parameter("sort"));
                break;
            }
            let (name, descending) = match text.strip_prefix('-') {
                Some(name) => (name, true),
                None => (text, false),
            };
            match resolve(request.resource, name, request.limits.depth) {
                Some((path, column)) => {
                    if !terms.iter().any(|known| known.path == path && known.column == column) {
                        terms.push(SortTerm { path, column, descending });
                    }
                }
                None => unsupported.push(name),
            }
        }
    }
    if terms.is_empty() {
        terms.extend(own_order(request.resource));
    }
    match unsupported.as_slice() {
        [] => {}
        [name] => {
            let detail = format!("Sorting by \"{name}\" field is not supported.");
            errors.push(Error::new(&SORT, detail).parameter("sort"));
        }
        names => {
            let detail = format!("Sorting by \"{}\" fields are not supported.", names.join(", "));
            errors.push(Error::new(&SORT, detail).parameter("sort"));
        }
    }
    total(terms)
}

/// The order that the resource has of its own.
fn own_order(resource: &'static Resource) -> impl Iterator<Item = SortTerm> {
    let fields = resource.order.iter().filter_map(|name| resource.field(name));
    fields.map(|field| SortTerm { path: Vec::new(), column: SortColumn::Field(field), descending: false })
}

/// The terms, ended by the id.
fn total(mut terms: Vec<SortTerm>) -> Vec<SortTerm> {
    match terms.iter().position(|term| term.path.is_empty() && term.column == SortColumn::Id) {
        // What follows the id decides nothing.
        Some(place) => terms.truncate(place + 1),
        None => {
            let descending = terms.last().is_some_and(|term| term.descending);
            terms.push(SortTerm { path: Vec::new(), column: SortColumn::Id, descending });
        }
    }
    terms
}

fn resolve(resource: &'static Resource, name: &str, depth: usize) -> Option<(Vec<&'static Relation>, SortColumn)> {
    let mut path = Vec::new();
    let mut resource = resource;
    let mut rest = name;
    loop {
        let (head, tail) = match rest.split_once('.') {
            Some((head, tail)) => (head, Some(tail)),
            None => (rest, None),
        };
        let Some(tail) = tail else {
            if head == "id" {
                return Some((path, SortColumn::Id));
            }
            if let Some(field) = resource.field(head) {
                return field.sort.then_some((path, SortColumn::Field(field)));
            }
            let relation = resource.relation(head).filter(|relation| relation.sort)?;
            if relation.is_polymorphic() {
                return None;
            }
            path.push(relation);
            return Some((path, SortColumn::Id));
        };
        let relation = resource.relation(head).filter(|relation| !relation.hidden)?;
        if relation.is_polymorphic() || path.len() >= depth {
            return None;
        }
        path.push(relation);
        resource = relation.target;
        rest = tail;
    }
}
