//! The change feed: every committed change, in an order that a reader can follow without missing one or getting one twice.
//!
//! Rows of the table `change` are written by [`crate::engine::write`] in the transactions that make the changes. Here
//! they get their positions ([`sequencer`]), are read by callers as far as they may view the records ([`page`],
//! [`sight`]), wake those who wait for them ([`heads`]), and are removed when they are old ([`retention`]).

pub mod cursor;
pub mod heads;
pub mod page;
pub mod retention;
mod scan;
pub mod sequencer;
pub mod service;
pub mod sight;
