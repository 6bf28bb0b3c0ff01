//! Batches as they are worked off (contract 19): progress, errors, results, cancelling, what happens when workers die.

mod cancel;
mod clean;
mod crash;
mod errors;
mod external;
mod failed;
mod given_up;
mod included;
mod life;
mod memory;
mod nul;
mod quota;
mod results;
mod rights;
mod sealed;
mod untouched;

use serde_json::{Value, json};

use crate::support::organization::unique;

/// Customer groups to be created, each with a name of its own.
fn groups(count: usize) -> Vec<Value> {
    let group = || json!({"type": "customergroups", "attributes": {"name": unique("group")}});
    (0..count).map(|_| group()).collect()
}
