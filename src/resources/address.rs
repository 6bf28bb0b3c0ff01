//! What holds for the addresses of customers and of orders alike.

pub mod book;

use crate::engine::write::Node;
use crate::error::{Error, NAME_OR_ORGANIZATION};

/// An address is somebody's or an organization's.
pub fn name_errors(node: &Node) -> Vec<Error> {
    let blank = |name| node.effective(name).as_text().is_none_or(|text| text.trim().is_empty());
    if !blank("organization") || !(blank("firstName") || blank("lastName")) {
        return Vec::new();
    }
    let details = [
        ("organization", "Organization or First Name and Last Name should not be blank."),
        ("firstName", "First Name and Last Name or Organization should not be blank."),
        ("lastName", "Last Name and First Name or Organization should not be blank."),
    ];
    let blank_ones = details.into_iter().filter(|(name, _)| blank(name));
    blank_ones.map(|(name, detail)| node.at_attribute(name, Error::new(&NAME_OR_ORGANIZATION, detail))).collect()
}

/// The id of a region begins with its country's.
pub fn region_error(node: &Node) -> Option<Error> {
    region_of(node, "region", "country")
}

/// As [`region_error`], for relationships of other names.
pub fn region_of(node: &Node, region: &str, country: &str) -> Option<Error> {
    let (place, region, country) = (region, node.effective_one(region)?, node.effective_one(country)?);
    let fits = region.to_string().strip_prefix(&country.to_string()).is_some_and(|rest| rest.starts_with('-'));
    let error = || Error::form(format!("The region {region} does not belong to the country {country}."));
    (!fits).then(|| node.at_relation(place, error()))
}
