//! A checked batch → rows. Inserts in the order of the foreign keys; then updates and late links; then the lists. One
//! statement for all rows of a resource that go together, its values as one array a column.

mod insert;
mod levels;
mod stamp;
mod update;

use self::levels::Levels;
pub(super) use self::stamp::stamp_parents;
use super::super::key::Key;
use super::super::kind::Kind;
use super::super::resource::IdKind;
use super::super::value::Value;
use super::resolve::to_ones;
use super::{Batch, SEALED, lists, moves};
