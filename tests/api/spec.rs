//! The protocol, one file per feature. Each test is headed by what the contract says, in our words.

mod any_query;
mod create;
mod cursor;
mod document;
mod etag;
mod fields;
mod filter;
mod filter_association;
mod include;
mod included;
mod indexes;
mod json_api;
mod large;
mod links;
mod method_override;
mod negotiation;
mod page;
mod query_text;
mod read_rights;
mod relationship;
mod rows;
mod sort;
mod statements;
mod title;
