//! JSON:API over descriptors: bytes → query or document → plan → authorized plan → rows → bytes.
//!
//! Everything before the load is pure. The engine names no resource, no connector and no web framework.

pub mod cursor;
pub mod decode;
pub mod document;
pub mod field;
pub mod filter;
pub mod input;
pub mod key;
pub mod kind;
pub mod load;
pub mod lookup;
pub mod plan;
pub mod predicate;
pub mod query;
pub mod registry;
pub mod relation;
pub mod render;
pub mod resource;
pub mod row;
pub mod rules;
pub mod sql;
pub mod value;
pub mod write;
