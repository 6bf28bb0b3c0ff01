//! Writes of several records in one request, synchronous batches and atomic operations: all of it, or nothing.

use std::collections::BTreeMap;

use crate::history::{History, Together};
use crate::stored::{Changes, CustomerRow, Stored};

pub fn check(history: &History, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    let (customers, changes) = (stored.customers_by_name(), stored.changes_by_record());
    for together in &history.together {
        let found = check_one(together, &customers, &changes);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", together.name)));
    }
    problems
}

fn check_one(together: &Together, customers: &BTreeMap<&str, Vec<&CustomerRow>>, changes: &Changes<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut there = 0;
    for index in 0..together.records {
        let rows = customers.get(together.record(index).as_str()).map_or(&[][..], Vec::as_slice);
        there += rows.len();
        if rows.len() > 1 {
            problems.push(format!("record {index} is there {} times", rows.len()));
        }
        for row in rows {
            let own = changes.get(&("customers", row.id.as_str())).map_or(&[][..], Vec::as_slice);
            let actions: Vec<&str> = own.iter().map(|change| change.action.as_str()).collect();
            if actions != ["created"] {
                problems.push(format!("record {index} was {actions:?}"));
            }
        }
    }
    let possible = match together.told {
        _ if together.bad => vec![0],
        Some(true) => vec![together.records],
        Some(false) => vec![0],
        None => vec![0, together.records],
    };
    if !possible.contains(&there) {
        problems.push(format!("{there} records are there, and should be one of {possible:?}: {:?}", together.told));
    }
    if together.bad && together.told == Some(true) {
        problems.push("was accepted, with a record that cannot be written".to_owned());
    }
    if !together.bad && together.told == Some(false) {
        problems.push("was refused".to_owned());
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::falsify;
    use crate::stored::ChangeRow;

    /// Two records that were written, two of which nobody knows and one of which is bad.
    fn truth() -> (History, Stored) {
        let written = Together { name: "fault-a".to_owned(), records: 2, told: Some(true), ..Together::default() };
        let silent = Together { name: "fault-b".to_owned(), records: 2, ..Together::default() };
        let bad = Together { name: "fault-c".to_owned(), records: 2, bad: true, told: Some(false) };
        let customers = [0, 1].map(|index| CustomerRow { id: format!("1{index}"), name: written.record(index) });
        let created = |row: &CustomerRow| ChangeRow {
            resource: "customers".to_owned(),
            record: row.id.clone(),
            action: "created".to_owned(),
            ..ChangeRow::default()
        };
        let changes = customers.iter().map(created).collect();
        let stored = Stored { customers: customers.to_vec(), changes, ..Stored::default() };
        (History { together: vec![written, silent, bad], ..History::default() }, stored)
    }

    #[track_caller]
    fn found(falsify: impl FnOnce(&mut History, &mut Stored), says: &str) {
        falsify::found(check, truth(), falsify, says);
    }

    fn add(stored: &mut Stored, name: &str) {
        stored.customers.push(CustomerRow { id: "99".to_owned(), name: name.to_owned() });
    }

    #[test]
    fn half_of_a_request_is_found() {
        found(|_, stored| drop(stored.customers.pop()), "fault-a: 1 records are there");
        found(|_, stored| add(stored, "fault-b-0"), "fault-b: 1 records are there");
        found(|_, stored| add(stored, "fault-c-1"), "fault-c: 1 records are there");
    }

    #[test]
    fn a_record_that_is_there_twice_is_found() {
        found(|_, stored| add(stored, "fault-a-0"), "fault-a: record 0 is there 2 times");
        found(
            |_, stored| stored.changes.push(stored.changes[0].clone()),
            "fault-a: record 0 was [\"created\", \"created\"]",
        );
    }

    #[test]
    fn a_wrong_answer_is_found() {
        found(|history, _| history.together[2].told = Some(true), "fault-c: was accepted");
        found(|history, _| history.together[1].told = Some(false), "fault-b: was refused");
    }
}
