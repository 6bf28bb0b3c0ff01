//! Pages, by number or by cursor (contract, section 5; the cursor is this server's addition).
//!
//! ```text
//! page = "page[number]=" 1*DIGIT / "page[size]=" ( 1*DIGIT / "-1" )
//!      / "page[after]=" [ cursor ] / "page[before]=" cursor
//! ```
//!
//! `page[after]=` without a cursor starts reading by cursor; the links `next` and `prev` go on from there.

use super::{Groups, Parameter, Request};
use crate::engine::cursor;
use crate::engine::plan::{Page, Position, SortTerm};
use crate::error::Error;

/// What may stand between the brackets of `page[…]`. A list of several resources has no cursors.
pub(super) fn keys(request: &Request<'_>) -> &'static [&'static str] {
    if request.mixed.is_empty() { &["number", "size", "after", "before"] } else { &["number", "size"] }
}

const DEFAULT_SIZE: u64 = 10;

pub(super) fn is_known(request: &Request<'_>, brackets: &[String]) -> bool {
    matches!(brackets, [name] if keys(request).contains(&name.as_str()))
}

pub(super) fn parse(request: &Request<'_>, groups: &Groups, sort: &[SortTerm], errors: &mut Vec<Error>) -> Page {
    if request.resource.no_paging {
        return Page::All;
    }
    let find = |name: &str| groups.page.iter().rfind(|parameter| parameter.brackets == [name]);
    let number = find("number").map(|parameter| number(parameter, errors)).unwrap_or(1);
    let size = find("size").map(|parameter| size(request, parameter, errors)).unwrap_or(Some(DEFAULT_SIZE));
    let position = match (find("after"), find("before")) {
        (None, None) => {
            return match size {
                None => Page::All,
                Some(size) => Page::Number { number, size },
            };
        }
        (Some(_), Some(before)) => {
            errors.push(before.error("Only one of \"page[after]\" and \"page[before]\" can be used."));
            return Page::All;
        }
        (Some(after), None) => (after, false),
        (None, Some(before)) => (before, true),
    };
    by_cursor(request, groups, sort, size, position, errors)
}

fn number(parameter: &Parameter, errors: &mut Vec<Error>) -> u64 {
    let negative = parameter.value.strip_prefix('-').is_some_and(is_digits);
    match parameter.value.parse::<u64>() {
        Ok(number) if number >= 1 && is_digits(&parameter.value) => return number,
        Ok(_) => errors.push(parameter.error("The value should be greater than or equals to 1.")),
        Err(_) if negative => errors.push(parameter.error("The value should be greater than or equals to 1.")),
        Err(_) => {
            let detail = format!("Expected unsigned integer value. Given \"{}\".", parameter.value);
            errors.push(parameter.error(detail));
        }
    }
    1
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `None`: all rows.
fn size(request: &Request<'_>, parameter: &Parameter, errors: &mut Vec<Error>) -> Option<u64> {
    let limit = request.limits.rows;
    let detail = match parameter.value.parse::<i64>() {
        Ok(-1) => return None,
        Ok(number) if number < -1 => "The value should be greater than or equals to -1.".to_owned(),
        Ok(number) => match u64::try_from(number) {
            Ok(size) if size <= limit => return Some(size),
            _ => format!("The value should be less than or equals to {limit}."),
        },
        Err(_) => format!("Expected integer value. Given \"{}\".", parameter.value),
    };
    errors.push(parameter.error(detail));
    Some(DEFAULT_SIZE)
}

fn by_cursor(
    request: &Request<'_>,
    groups: &Groups,
    sort: &[SortTerm],
    size: Option<u64>,
    (parameter, before): (&Parameter, bool),
    errors: &mut Vec<Error>,
) -> Page {
    let binding = binding(request, groups);
    if let Some(number) = groups.page.iter().find(|parameter| parameter.brackets == ["number"]) {
        errors.push(number.error("A page number cannot be used together with a cursor."));
    }
    if size.is_none() {
        errors.push(parameter.error("A page by cursor needs a size: \"page[size]=-1\" cannot be used with it."));
    }
    let mut position = Position::Start;
    if sort.iter().any(|term| !term.path.is_empty()) {
        let detail = "Paging by cursor needs a sort by the resource's own fields, not by a relationship.";
        errors.push(parameter.error(detail));
    } else if before || !parameter.value.is_empty() {
        match cursor::decode(&parameter.value, binding, sort, request.resource) {
            Some(values) if before => position = Position::Before(values),
            Some(values) => position = Position::After(values),
            None => errors.push(parameter.error(
                "The cursor does not belong to this list with this sort and these filters. \
                 Start with \"page[after]=\" and follow \"links.next\".",
            )),
        }
    }
    Page::Cursor { size: size.unwrap_or(DEFAULT_SIZE), position, binding }
}

/// A hash of all that decides which rows the list has and in what order.
fn binding(request: &Request<'_>, groups: &Groups) -> u64 {
    let mut filters: Vec<(&str, &str)> =
        groups.filter.iter().map(|filter| (filter.key.as_str(), filter.value.as_str())).collect();
    filters.sort_unstable();
    let sort = groups.sort.last().map_or("", |sort| sort.value.as_str());
    // Where records go by an external id, so do cursors.
    let id = request.resource.external_id().map(|field| field.name);
    cursor::binding(
        [request.path, sort].into_iter().chain(id).chain(filters.into_iter().flat_map(|(key, value)| [key, value])),
    )
}
