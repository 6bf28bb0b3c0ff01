//! Batches: "no operation stuck"; what an operation says of its records is what is stored of them, each of them once.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Batch, Ended, History};
use crate::stored::{Changes, CustomerRow, ResultRow, Stored};

/// Results by operation and index.
type Results<'a> = BTreeMap<(&'a str, i64), Vec<&'a ResultRow>>;

pub fn check(history: &History, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    for operation in &stored.operations {
        if !["success", "failed", "cancelled"].contains(&operation.status.as_str()) {
            problems.push(format!("operation {} is stuck: {}", operation.id, operation.status));
        }
    }
    let (customers, changes) = (stored.customers_by_name(), stored.changes_by_record());
    let mut results = Results::new();
    for result in &stored.results {
        results.entry((&result.operation, result.index)).or_default().push(result);
    }
    let sent: BTreeSet<String> = history
        .batches
        .iter()
        .flat_map(|batch| (0..batch.records).filter(|index| batch.bad != Some(*index)).map(|index| batch.record(index)))
        .chain(history.together.iter().flat_map(|together| (0..together.records).map(|index| together.record(index))))
        .chain(history.moves.iter().map(|moved| moved.name.clone()))
        .collect();
    problems
        .extend(customers.keys().filter(|name| !sent.contains(**name)).map(|name| format!("{name}: nobody sent it")));
    for batch in &history.batches {
        let found = check_one(batch, &customers, &changes, &results);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", batch.name)));
    }
    problems
}

fn check_one(
    batch: &Batch,
    customers: &BTreeMap<&str, Vec<&CustomerRow>>,
    changes: &Changes<'_>,
    results: &Results<'_>,
) -> Vec<String> {
    let mut problems = Vec::new();
    let good: Vec<usize> = (0..batch.records).filter(|index| batch.bad != Some(*index)).collect();
    let there = |index: usize| customers.get(batch.record(index).as_str()).map_or(&[][..], Vec::as_slice);
    for index in &good {
        let rows = there(*index);
        if rows.len() > 1 {
            problems.push(format!("record {index} is there {} times", rows.len()));
        }
        for row in rows {
            let own = changes.get(&("customers", row.id.as_str())).map_or(&[][..], Vec::as_slice);
            let created = own.iter().filter(|change| change.action == "created").count();
            if created != 1 {
                problems.push(format!("record {index} was created {created} times"));
            }
        }
    }
    let missing = good.iter().filter(|index| there(**index).is_empty()).count();
    let Some(operation) = &batch.operation else {
        // Nobody knows whether it was accepted; but it was not half accepted.
        if missing > 0 && missing < good.len() {
            problems.push(format!("{missing} of {} records are missing", good.len()));
        }
        return problems;
    };
    if missing > 0 {
        problems.push(format!("was accepted, and {missing} of {} records are missing", good.len()));
    }
    let ended = Ended { status: "success".to_owned(), created: good.len(), failed: usize::from(batch.bad.is_some()) };
    match &batch.ended {
        Some(told) if *told == ended => {}
        told => problems.push(format!("ended as {told:?}, and should as {ended:?}")),
    }
    for index in 0..batch.records {
        let own = results.get(&(operation.as_str(), index as i64)).map_or(&[][..], Vec::as_slice);
        let told: Vec<_> = own.iter().map(|result| (result.outcome.as_str(), result.record.as_deref())).collect();
        let stored = there(index).first().map(|row| row.id.as_str());
        let right = if batch.bad == Some(index) { ("failed", None) } else { ("created", stored) };
        if told != [right] {
            problems.push(format!("record {index} has the results {told:?}, and should have {right:?}"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::falsify;
    use crate::stored::{ChangeRow, OperationRow};

    /// A batch of three of which the second is bad, and one that was given up and never accepted.
    fn truth() -> (History, Stored) {
        let batch = Batch {
            name: "fault-batch-0".to_owned(),
            records: 3,
            bad: Some(1),
            operation: Some("5".to_owned()),
            ended: Some(Ended { status: "success".to_owned(), created: 2, failed: 1 }),
        };
        let lost = Batch { name: "fault-batch-1".to_owned(), records: 2, ..Batch::default() };
        let result = |index: i64, outcome: &str, record: Option<&str>| ResultRow {
            operation: "5".to_owned(),
            index,
            outcome: outcome.to_owned(),
            record: record.map(str::to_owned),
        };
        let stored = Stored {
            customers: [0, 2].map(|index| CustomerRow { id: format!("10{index}"), name: batch.record(index) }).to_vec(),
            operations: vec![OperationRow { id: "5".to_owned(), status: "success".to_owned() }],
            results: vec![
                result(0, "created", Some("100")),
                result(1, "failed", None),
                result(2, "created", Some("102")),
            ],
            changes: ["100", "102"]
                .map(|record| ChangeRow {
                    position: Some(1),
                    resource: "customers".to_owned(),
                    record: record.to_owned(),
                    action: "created".to_owned(),
                    ..ChangeRow::default()
                })
                .to_vec(),
            ..Stored::default()
        };
        (History { batches: vec![batch, lost], ..History::default() }, stored)
    }

    #[track_caller]
    fn found(falsify: impl FnOnce(&mut History, &mut Stored), says: &str) {
        falsify::found(check, truth(), falsify, says);
    }

    #[test]
    fn an_operation_that_is_stuck_is_found() {
        found(|_, stored| stored.operations[0].status = "running".to_owned(), "operation 5 is stuck: running");
        found(|history, _| history.batches[0].ended = None, "ended as None");
    }

    #[test]
    fn a_record_that_is_lost_is_found() {
        found(|_, stored| drop(stored.customers.pop()), "was accepted, and 1 of 2 records are missing");
    }

    #[test]
    fn a_record_that_is_there_twice_is_found() {
        let twice = |_: &mut History, stored: &mut Stored| {
            let row = CustomerRow { id: "103".to_owned(), ..stored.customers[0].clone() };
            stored.customers.push(row);
        };
        found(twice, "record 0 is there 2 times");
        found(|_, stored| stored.changes.push(stored.changes[0].clone()), "record 0 was created 2 times");
    }

    #[test]
    fn results_that_are_not_true_are_found() {
        found(|_, stored| drop(stored.results.pop()), "record 2 has the results []");
        found(|_, stored| stored.results.push(stored.results[0].clone()), "record 0 has the results [(\"created\"");
        found(|_, stored| stored.results[0].record = Some("7".to_owned()), "record 0 has the results");
        let wrong = Ended { status: "success".to_owned(), created: 3, failed: 0 };
        found(|history, _| history.batches[0].ended = Some(wrong), "should as Ended");
    }

    #[test]
    fn a_batch_that_is_half_there_is_found() {
        let half = |history: &mut History, stored: &mut Stored| {
            stored.customers.push(CustomerRow { id: "109".to_owned(), name: history.batches[1].record(0) });
        };
        found(half, "fault-batch-1: 1 of 2 records are missing");
    }

    #[test]
    fn a_record_that_nobody_sent_is_found() {
        found(|_, stored| stored.customers[0].name = "fault-batch-0-1".to_owned(), "fault-batch-0-1: nobody sent it");
    }
}
