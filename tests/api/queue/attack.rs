//! The queue under attack: what clocks, pauses, upgrades, panics and full pools do to it, each by its name.

mod away;
mod dead_letters;
mod hang;
mod silence;
mod upgrade;
