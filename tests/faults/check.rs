//! The checker: what clients were told against what is stored. Each part finds one kind of fault and says it in a
//! sentence; each is shown to find it in a history that was falsified.

mod batches;
#[cfg(test)]
mod falsify;
pub mod feed;
mod moves;
mod orders;
mod together;
mod webhooks;

use crate::history::History;
use crate::stored::Stored;

/// What is wrong; nothing, if all is well.
pub fn all(history: &History, stored: &Stored) -> Vec<String> {
    let refused = history.refusals.iter().map(|refusal| format!("a client should not have been told: {refusal}"));
    let parts = [orders::check, batches::check, together::check, moves::check, feed::check, webhooks::check];
    refused.chain(parts.iter().flat_map(|check| check(history, stored))).collect()
}
