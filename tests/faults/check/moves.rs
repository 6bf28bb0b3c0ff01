//! Customers that change their owner: each acknowledged step was made once, in its order, with the owner that it names.
//! What the feed shows of that to whom is then checked by these rows.

use crate::history::{History, Move, Moved};
use crate::stored::{ChangeRow, Stored};

/// The action of a change row, and whether the customer belonged to the limited user before and after it.
type Row<'a> = (&'a str, bool, bool);

pub fn check(history: &History, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    let (customers, changes) = (stored.customers_by_name(), stored.changes_by_record());
    for moved in &history.moves {
        let there = customers.get(moved.name.as_str()).map_or(&[][..], Vec::as_slice);
        // A deleted one has left no name: its rows are found by the id that the client was told.
        let id = moved.id.as_deref().or(there.first().map(|row| row.id.as_str()));
        let rows = id.and_then(|id| changes.get(&("customers", id))).map_or(&[][..], Vec::as_slice);
        let rows: Vec<Row<'_>> = rows.iter().map(|change| row(change, stored.limited)).collect();
        let found = check_one(moved, there.len(), &rows);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", moved.name)));
    }
    problems
}

fn check_one(moved: &Moved, there: usize, rows: &[Row<'_>]) -> Vec<String> {
    let told = &moved.steps[..moved.steps.len() - usize::from(moved.uncertain)];
    let mut possible = vec![rows_of(told)];
    if moved.uncertain {
        possible.push(rows_of(&moved.steps));
    }
    let mut problems = Vec::new();
    if !possible.iter().any(|possible| possible == rows) {
        problems.push(format!("is {rows:?}, and should be one of {possible:?}"));
    }
    let gone = rows.last().is_none_or(|(action, ..)| *action == "deleted");
    if there != usize::from(!gone) {
        problems.push(format!("is there {there} times, after {rows:?}"));
    }
    problems
}

fn row(change: &ChangeRow, limited: Option<i64>) -> Row<'_> {
    let own = |owner: Option<i64>| owner.is_some() && owner == limited;
    (&change.action, own(change.owner_before), own(change.owner))
}

fn rows_of(steps: &[Move]) -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    let mut now = false;
    for step in steps {
        match *step {
            Move::Create { owned } => rows.push(("created", owned, owned)),
            Move::Give { owned } => rows.push(("updated", now, owned)),
            Move::Touch => rows.push(("updated", now, now)),
            Move::Delete => rows.push(("deleted", now, now)),
        }
        if let Move::Create { owned } | Move::Give { owned } = *step {
            now = owned;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::falsify;
    use crate::stored::CustomerRow;

    /// A customer that was given away and is there, and one that was deleted; one of which nobody knows.
    fn truth() -> (History, Stored) {
        let moved = |name: &str, id: &str, steps: &[Move]| Moved {
            name: name.to_owned(),
            id: Some(id.to_owned()),
            steps: steps.to_vec(),
            uncertain: false,
        };
        let kept = moved("kept", "1", &[Move::Create { owned: true }, Move::Give { owned: false }, Move::Touch]);
        let gone = moved("gone", "2", &[Move::Create { owned: false }, Move::Delete]);
        let silent = Moved { id: None, uncertain: true, ..moved("silent", "", &[Move::Create { owned: true }]) };
        let change = |(record, action, before, owner): (&str, &str, i64, i64)| ChangeRow {
            resource: "customers".to_owned(),
            record: record.to_owned(),
            action: action.to_owned(),
            owner: Some(owner),
            owner_before: Some(before),
            ..ChangeRow::default()
        };
        let changes = [
            ("1", "created", 7, 7),
            ("2", "created", 3, 3),
            ("1", "updated", 7, 3),
            ("1", "updated", 3, 3),
            ("2", "deleted", 3, 3),
        ];
        let stored = Stored {
            customers: vec![CustomerRow { id: "1".to_owned(), name: "kept".to_owned() }],
            changes: changes.map(change).to_vec(),
            limited: Some(7),
            ..Stored::default()
        };
        (History { moves: vec![kept, gone, silent], ..History::default() }, stored)
    }

    #[track_caller]
    fn found(falsify: impl FnOnce(&mut History, &mut Stored), says: &str) {
        falsify::found(check, truth(), falsify, says);
    }

    #[test]
    fn a_step_that_was_lost_or_made_twice_is_found() {
        found(|_, stored| drop(stored.changes.remove(2)), "kept: is [");
        found(|_, stored| stored.changes.push(stored.changes[3].clone()), "kept: is [");
        found(|history, _| history.moves[0].steps.truncate(2), "kept: is [");
    }

    #[test]
    fn a_wrong_owner_is_found() {
        found(|_, stored| stored.changes[2].owner = Some(7), "kept: is [");
        found(|_, stored| stored.changes[2].owner_before = Some(3), "kept: is [");
    }

    #[test]
    fn a_customer_that_is_gone_or_back_is_found() {
        found(|_, stored| stored.customers.clear(), "kept: is there 0 times");
        let back = CustomerRow { id: "2".to_owned(), name: "gone".to_owned() };
        found(|_, stored| stored.customers.push(back), "gone: is there 1 times");
        let twice = CustomerRow { id: "9".to_owned(), name: "kept".to_owned() };
        found(|_, stored| stored.customers.push(twice), "kept: is there 2 times");
    }
}
