//! Which of the matching rows a statement reads.

use crate::engine::predicate::Predicate;
use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// A part of the matching rows, in the plan's order.
#[derive(Clone, Debug)]
pub struct Window {
    /// A further condition: the segment beyond a cursor.
    pub segment: Predicate,
    /// Whether the order is turned round.
    pub reversed: bool,
    pub limit: Option<u64>,
    pub offset: u64,
}

/// The page sizes that clients usually ask for. They stand in the statement as numbers, so that a prepared plan knows
/// them; other sizes are bound, and their statements not kept.
const COMMON_SIZES: [u64; 10] = [1, 10, 20, 25, 30, 50, 100, 200, 500, 1000];

impl Window {
    /// Whether the window's text is one of few.
    pub(super) fn is_common(&self) -> bool {
        // A page reads one row more than it shows.
        self.limit.is_none_or(|limit| COMMON_SIZES.contains(&limit.saturating_sub(1)))
    }
}

/// ` LIMIT … OFFSET …`.
pub(super) fn limit(sql: &mut Sql, window: &Window) {
    if let Some(limit) = window.limit.filter(|_| window.is_common()) {
        sql.raw(" LIMIT ").number(usize::try_from(limit).unwrap_or(usize::MAX));
    } else if let Some(limit) = window.limit {
        sql.raw(" LIMIT ").bind(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    }
    if window.offset > 0 {
        sql.raw(" OFFSET ").bind(Value::Integer(i64::try_from(window.offset).unwrap_or(i64::MAX)));
    }
}
