//! Batches as they are worked off (contract 19): progress, errors, results, cancelling, what happens when workers die.

mod life;
