//! What is kept about records of any kind: notes and attached files.

pub mod attachment;
mod file_parent;
pub mod note;

pub use self::attachment::ATTACHMENT;
pub use self::note::NOTE;
