//! The change feed: "complete and in order"; each reader has every change exactly once, those of a record in the order
//! in which they were made.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{History, Read};
use crate::stored::Stored;

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

fn check_reader(reader: &[Read], stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    for pair in reader.windows(2) {
        if pair[1].position <= pair[0].position {
            problems.push(format!("got {:?} after {:?}", pair[1], pair[0]));
        }
    }
    let there = stored.changes.iter().filter_map(|change| {
        Some((change.position?, change.resource.as_str(), change.record.as_str(), change.action.as_str()))
    });
    let there: BTreeSet<_> = there.collect();
    let got: BTreeSet<_> = reader
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
    use crate::stored::ChangeRow;

    #[track_caller]
    fn found(falsify: impl FnOnce(&mut Vec<Read>, &mut Vec<ChangeRow>), says: &str) {
        let words = [("orders", "1", "created"), ("orderlineitems", "7", "created"), ("orders", "1", "updated")];
        let reads = words.iter().zip(1..).map(|((resource, record, action), position)| Read {
            position,
            resource: (*resource).to_owned(),
            record: (*record).to_owned(),
            action: (*action).to_owned(),
        });
        let mut reader: Vec<Read> = reads.collect();
        let changes = reader.iter().cloned().map(|Read { position, resource, record, action }| ChangeRow {
            position: Some(position),
            resource,
            record,
            action,
        });
        let mut changes: Vec<ChangeRow> = changes.collect();
        let problems = |reader: &[Read], changes: &[ChangeRow]| {
            let history = History { readers: vec![reader.to_vec()], ..History::default() };
            check(&history, &Stored { changes: changes.to_vec(), ..Stored::default() })
        };
        assert_eq!(problems(&reader, &changes), Vec::<String>::new());
        falsify(&mut reader, &mut changes);
        let problems = problems(&reader, &changes);
        assert!(problems.iter().any(|problem| problem.contains(says)), "{problems:?}");
    }

    #[test]
    fn a_change_that_was_missed_is_found() {
        found(|reader, _| drop(reader.remove(1)), "reader 0 never got (2, \"orderlineitems\"");
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
            (changes[0].position, changes[2].position) = (Some(3), Some(1));
        };
        found(swap, "the changes of orders/1 out of order");
    }
}
