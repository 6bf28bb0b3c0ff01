//! The change feed: "complete and in order"; each reader has every change that it may see exactly once, those of a record
//! in the order in which they were made, and a record that leaves its view as deleted.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{History, Reader, Sight};
use crate::stored::{ChangeRow, Stored};

pub fn check(history: &History, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    let unnumbered = stored.changes.iter().filter(|change| change.position.is_none()).count();
    if unnumbered > 0 {
        problems.push(format!("the feed has no place for {unnumbered} changes"));
    }
    // The rows of one record are in the order in which they were made: their ids are drawn while it is locked.
    let mut last: BTreeMap<(&str, &str), Option<i64>> = BTreeMap::new();
    for change in &stored.changes {
        let earlier = last.insert((&change.resource, &change.record), change.position).flatten();
        if change.position.is_some() && earlier >= change.position {
            problems.push(format!("the feed has the changes of {}/{} out of order", change.resource, change.record));
        }
    }
    for (number, reader) in history.readers.iter().enumerate() {
        problems.extend(check_reader(reader, stored).into_iter().map(|problem| format!("reader {number} {problem}")));
    }
    problems
}

/// What a reader has to be shown of a change; nothing: it is none of his business.
pub fn shown(change: &ChangeRow, sight: Sight, limited: Option<i64>) -> Option<&str> {
    let own = |owner: Option<i64>| change.resource == "customers" && owner.is_some() && owner == limited;
    match (sight, own(change.owner_before), own(change.owner)) {
        (Sight::Everything, ..) | (Sight::Own, true, true) => Some(&change.action),
        (Sight::Own, true, false) => Some("deleted"),
        (Sight::Own, false, true) => Some("created"),
        (Sight::Own, false, false) => None,
    }
}

fn check_reader(reader: &Reader, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    for pair in reader.reads.windows(2) {
        if pair[1].position <= pair[0].position {
            problems.push(format!("got {:?} after {:?}", pair[1], pair[0]));
        }
    }
    let there = stored.changes.iter().filter_map(|change| {
        let action = shown(change, reader.sight, stored.limited)?;
        Some((change.position?, change.resource.as_str(), change.record.as_str(), action))
    });
    let there: BTreeSet<_> = there.collect();
    let got: BTreeSet<_> = reader
        .reads
        .iter()
        .map(|read| (read.position, read.resource.as_str(), read.record.as_str(), read.action.as_str()))
        .collect();
    problems.extend(there.difference(&got).map(|change| format!("never got {change:?}")));
    problems.extend(got.difference(&there).map(|change| format!("got {change:?}, which is not there")));
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::falsify;
    use crate::history::Read;

    /// Five changes, of which the user 7 sees how a customer comes to him, is changed, and leaves him. Both have read all
    /// that they may.
    fn truth() -> (History, Stored) {
        let change = |(resource, record, action, before, owner): (&str, &str, &str, i64, i64)| ChangeRow {
            resource: resource.to_owned(),
            record: record.to_owned(),
            action: action.to_owned(),
            owner_before: Some(before),
            owner: Some(owner),
            ..ChangeRow::default()
        };
        let changes = [
            ("orders", "1", "created", 7, 7),
            ("customers", "5", "updated", 3, 7),
            ("customers", "5", "updated", 7, 7),
            ("orders", "1", "updated", 7, 7),
            ("customers", "5", "updated", 7, 3),
        ];
        let mut changes = changes.map(change).to_vec();
        changes.iter_mut().zip(1..).for_each(|(change, position)| change.position = Some(position));
        let read = |position: i64, action: &str| {
            let ChangeRow { resource, record, .. } = &changes[position as usize - 1];
            Read { position, resource: resource.clone(), record: record.clone(), action: action.to_owned() }
        };
        let everything = (1..).zip(&changes).map(|(position, change)| read(position, &change.action)).collect();
        let own = [(2, "created"), (3, "updated"), (5, "deleted")].map(|(position, action)| read(position, action));
        let readers = vec![
            Reader { sight: Sight::Everything, reads: everything },
            Reader { sight: Sight::Own, reads: own.to_vec() },
        ];
        let stored = Stored { changes, limited: Some(7), ..Stored::default() };
        (History { readers, ..History::default() }, stored)
    }

    #[track_caller]
    fn found(falsify: impl FnOnce(&mut Vec<Read>, &mut Vec<ChangeRow>), says: &str) {
        let falsify = |history: &mut History, stored: &mut Stored| {
            falsify(&mut history.readers[0].reads, &mut stored.changes);
        };
        falsify::found(check, truth(), falsify, says);
    }

    #[track_caller]
    fn found_of_own(falsify: impl FnOnce(&mut Vec<Read>), says: &str) {
        falsify::found(check, truth(), |history, _| falsify(&mut history.readers[1].reads), says);
    }

    #[test]
    fn a_change_that_was_missed_is_found() {
        found(|reader, _| drop(reader.remove(1)), "reader 0 never got (2, \"customers\"");
    }

    #[test]
    fn a_change_that_came_twice_or_too_late_is_found() {
        found(|reader, _| reader.push(reader[2].clone()), "reader 0 got Read { position: 3");
        found(|reader, _| reader.swap(0, 1), "reader 0 got Read { position: 1");
    }

    #[test]
    fn a_change_that_never_was_is_found() {
        found(|reader, _| reader[0].record = "2".to_owned(), "which is not there");
    }

    #[test]
    fn a_change_that_the_feed_never_shows_is_found() {
        found(|_, changes| changes[2].position = None, "the feed has no place for 1 changes");
    }

    #[test]
    fn changes_of_a_record_out_of_order_are_found() {
        let swap = |_: &mut Vec<Read>, changes: &mut Vec<ChangeRow>| {
            (changes[0].position, changes[3].position) = (Some(4), Some(1));
        };
        found(swap, "the changes of orders/1 out of order");
    }

    #[test]
    fn a_change_that_is_not_for_the_reader_is_found() {
        let foreign =
            Read { position: 4, resource: "orders".to_owned(), record: "1".to_owned(), action: "updated".to_owned() };
        found_of_own(|reader| reader.insert(2, foreign), "reader 1 got (4, \"orders\"");
    }

    #[test]
    fn a_record_that_left_the_view_without_a_word_is_found() {
        found_of_own(|reader| drop(reader.pop()), "reader 1 never got (5, \"customers\", \"5\", \"deleted\")");
        found_of_own(
            |reader| reader[2].action = "updated".to_owned(),
            "reader 1 never got (5, \"customers\", \"5\", \"deleted\")",
        );
        found_of_own(
            |reader| reader[0].action = "updated".to_owned(),
            "reader 1 never got (2, \"customers\", \"5\", \"created\")",
        );
    }
}
