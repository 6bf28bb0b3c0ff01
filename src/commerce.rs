//! Hand-written commerce: what the engine cannot know. Called from rules, commands and tests; knows no HTTP.

pub mod organization;
pub mod reference;
