//! What is kept about records of any kind: notes, comments on them, and attached files.

pub mod attachment;
mod authorship;
pub mod comment;
mod file_parent;
pub mod note;

pub use self::attachment::ATTACHMENT;
pub use self::comment::COMMENT;
pub use self::note::NOTE;
