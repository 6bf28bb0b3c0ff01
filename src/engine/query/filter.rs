//! Filters (contract, section 4).
//!
//! ```text
//! filter   = "filter[" path "]" *( "[" path "]" ) [ "[" operator "]" ] "=" value
//! path     = name *( "." name )                ; brackets and dots are the same
//! name     = "id" / field / relationship / type of a polymorphic relationship's target / extra filter
//! operator = one of the descriptors' operators; the last bracket is one when it has the name of one
//! ```
//!
//! Filters are AND-ed; of the same path with the same operator the last counts.

mod condition;
mod path;

use condition::Comparison;
use path::{End, resolve};

use super::value::Given;
use super::{Parameter, Request, unknown, value};
use crate::engine::filter::{FilterSpec, Operator};
use crate::engine::predicate::Predicate;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::Resource;
use crate::error::Error;

/// Every filter of a resource that is no path through a relationship.
pub fn names(resource: &'static Resource) -> impl Iterator<Item = &'static str> {
    std::iter::once("id")
        .chain(resource.fields.iter().filter(|field| field.filter.is_some()).map(|field| field.name))
        .chain(relations(resource).map(|(relation, _)| relation.name))
        .chain(resource.extra_filters.iter().map(|filter| filter.name))
}

/// The relationships that can be filtered: of a union each of its branches, `filter[target.customers]`.
pub fn relations(resource: &'static Resource) -> impl Iterator<Item = (&'static Relation, FilterSpec)> {
    resource.visible_relations().flat_map(|relation| {
        let branches = match relation.link {
            Link::Union { .. } => resource.branches(relation).collect(),
            Link::Polymorphic { .. } => Vec::new(),
            _ => vec![relation],
        };
        branches.into_iter().filter_map(move |branch| Some((branch, relation.filter_spec_for(branch)?)))
    })
}

pub(super) fn parse(request: &Request<'_>, parameters: &[Parameter], errors: &mut Vec<Error>) -> Predicate {
    if parameters.len() > request.limits.filters {
        let limit = request.limits.filters;
        let detail = format!("At most {limit} filters can be used in a request. Given {}.", parameters.len());
        errors.push(Error::filter(detail).parameter(&parameters[limit].key));
        return Predicate::False;
    }
    let mut found: Vec<((String, Operator), Predicate)> = Vec::new();
    for parameter in parameters {
        let (path, operator) = split(parameter);
        match one(request, parameter, &path, operator) {
            Ok(predicate) => {
                let key = (path.join("."), operator);
                found.retain(|(known, _)| *known != key);
                found.push((key, predicate));
            }
            Err(error) => errors.push(error),
        }
    }
    let mandatory = if request.route.page { request.resource.mandatory_filters } else { &[] };
    for name in mandatory {
        let given = found.iter().any(|((path, operator), _)| path == name && *operator == Operator::Eq);
        if !given && !parameters.iter().any(|parameter| split(parameter).0 == [*name]) {
            let detail = format!("The \"{name}\" filter is required.");
            errors.push(Error::filter(detail).parameter(format!("filter[{name}]")));
        }
    }
    Predicate::all(found.into_iter().map(|(_, predicate)| predicate))
}

fn split(parameter: &Parameter) -> (Vec<&str>, Operator) {
    let mut brackets = parameter.brackets.as_slice();
    let mut operator = Operator::Eq;
    if let [rest @ .., last] = brackets
        && !rest.is_empty()
        && let Some(named) = Operator::parse(last)
    {
        operator = named;
        brackets = rest;
    }
    (brackets.iter().flat_map(|bracket| bracket.split('.')).collect(), operator)
}

fn one(request: &Request<'_>, parameter: &Parameter, path: &[&str], operator: Operator) -> Result<Predicate, Error> {
    let Some(filter) = resolve(request.resource, path, request.limits.depth, false) else {
        return Err(unknown(request, parameter));
    };
    let refused = || parameter.error(format!("The operator \"{}\" is not supported.", operator.name()));
    if !filter.spec.operators.has(operator) {
        return Err(refused());
    }
    let text = parameter.value.as_str();
    let comparison = match operator {
        Operator::Exists | Operator::Empty => {
            Comparison::State(operator, value::parse_boolean(text).map_err(|detail| parameter.error(detail))?)
        }
        _ => {
            let collection = matches!(filter.end, End::Relation(relation) if relation.is_many());
            let many = match operator {
                Operator::Eq | Operator::Neq | Operator::NeqOrNull => true,
                Operator::Contains | Operator::NotContains => collection,
                _ => false,
            };
            let (list, range) = (many && filter.spec.list, many && filter.spec.range);
            let given = value::parse(filter.end.sort(), text, list, range).map_err(|detail| parameter.error(detail))?;
            if let Given::List(values) = &given
                && values.len() > request.limits.filter_values
            {
                let limit = request.limits.filter_values;
                let detail = format!("A list can have at most {limit} values. Given {}.", values.len());
                return Err(parameter.error(detail));
            }
            Comparison::With(operator, given)
        }
    };
    let folded = filter.spec.case_insensitive;
    filter.condition(comparison, folded).ok_or_else(refused)
}
