//! JSON:API over descriptors: bytes → query or document → plan → authorized plan → rows → bytes.
//!
//! Everything before the load is pure. The engine names no resource, no connector and no web framework.
//!
//! A read, walked through: `GET …/{type}?filter[parent.name]=A&sort=-createdAt&include=parent&page[size]=25`
//!
//! 1. [`query`] splits the string into parameters and gives each group to its parser. `filter[parent.name]` is looked up
//!    in the descriptor: `parent` is a relationship, `name` a field of its target with the operator `eq`; the outcome is
//!    a [`predicate::Predicate`]. Every fault is collected, so that one answer tells them all.
//! 2. [`query::Query::list`] makes the [`plan::ReadPlan`]: resource, predicate, sort terms ended by the id, page, the
//!    shape of each resource (`fields`), the include paths.
//! 3. `acl::authorize` lets the plan pass if the caller may view the type at all. Which records is decided by the
//!    caller's scope, a predicate too: it is bound wherever a statement touches a resource, be it for rows, related ids,
//!    filters, the order or included records.
//! 4. [`sql::select`] writes one statement for the rows, with related ids as arrays, and later one for each include path.
//! 5. [`load`] runs them; [`render`] and [`decode`] write each row from Postgres's bytes into the answer and note the ids
//!    that `include` follows. One row more than the page tells whether there is a next one.
//!
//! A write goes [`document`] → [`write::plan`] → `Authorized` → [`mod@write`], and is answered by the steps 4 and 5.

pub mod column;
pub mod command;
pub mod computed;
pub mod cursor;
pub mod decode;
pub mod document;
pub mod external;
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
pub mod split;
pub mod sql;
pub mod value;
pub mod write;
