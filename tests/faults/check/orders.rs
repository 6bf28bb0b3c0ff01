//! Single writes: "every acknowledged write is there, no unacknowledged one is half there, no record twice".

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{History, LINES, Order, Step};
use crate::stored::{Changes, OrderRow, Stored};

pub fn check(history: &History, stored: &Stored) -> Vec<String> {
    let mut rows: BTreeMap<&str, Vec<&OrderRow>> = BTreeMap::new();
    for row in &stored.orders {
        rows.entry(&row.identifier).or_default().push(row);
    }
    let changes = stored.changes_by_record();
    let mut problems = Vec::new();
    let asked: BTreeSet<&str> = history.orders.iter().map(|order| order.identifier.as_str()).collect();
    problems.extend(rows.keys().filter(|name| !asked.contains(*name)).map(|name| format!("{name}: nobody sent it")));
    for order in &history.orders {
        let rows = rows.get(order.identifier.as_str()).map_or(&[][..], Vec::as_slice);
        let found = check_one(order, rows, &changes);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", order.identifier)));
    }
    problems
}

/// What an order has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    /// The purchase order number of one that is there.
    there: Option<Option<String>>,
    /// Of its change rows: created, updated, deleted.
    changes: [usize; 3],
}

impl Outcome {
    fn after<'s>(steps: impl IntoIterator<Item = &'s Step>) -> Outcome {
        let mut outcome = Outcome { there: None, changes: [0; 3] };
        for step in steps {
            let (there, change) = match step {
                Step::Create => (Some(None), 0),
                Step::Renumber(number) => (Some(Some(number.clone())), 1),
                Step::Delete => (None, 2),
            };
            outcome.there = there;
            outcome.changes[change] += 1;
        }
        outcome
    }
}

fn check_one(order: &Order, rows: &[&OrderRow], changes: &Changes<'_>) -> Vec<String> {
    let told = &order.steps[..order.steps.len() - usize::from(order.uncertain)];
    let mut possible = vec![Outcome::after(told)];
    if order.uncertain {
        possible.push(Outcome::after(&order.steps));
    }
    let mut problems = Vec::new();
    if rows.len() > 1 {
        problems.push(format!("is there {} times", rows.len()));
    }
    let row = rows.first();
    let id = order.id.as_deref().or(row.map(|row| row.id.as_str()));
    if let (Some(row), Some(id)) = (row, &order.id)
        && row.id != *id
    {
        problems.push(format!("has the id {}, its client was told {id}", row.id));
    }
    let found = Outcome {
        there: row.map(|row| row.po_number.clone()),
        changes: id.map_or([0; 3], |id| count(changes, "orders", id)),
    };
    if !possible.contains(&found) {
        problems.push(format!("is {found:?}, and should be one of {possible:?}"));
    }
    let lines = row.map_or(&order.lines, |row| &row.lines);
    if id.is_some() && lines.len() != LINES {
        problems.push(format!("has {} of {LINES} lines", lines.len()));
    }
    let [created, _, deleted] = found.changes;
    for line in lines {
        let [line_created, _, line_deleted] = count(changes, "orderlineitems", line);
        if (line_created, line_deleted) != (created, deleted) {
            problems.push(format!("line {line} was created {line_created} times and deleted {line_deleted} times"));
        }
    }
    problems
}

fn count(changes: &Changes<'_>, resource: &str, record: &str) -> [usize; 3] {
    let all = changes.get(&(resource, record)).map_or(&[][..], Vec::as_slice);
    ["created", "updated", "deleted"].map(|action| all.iter().filter(|change| change.action == action).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::falsify;
    use crate::stored::ChangeRow;

    /// An order that was created, renumbered and is there; one that was deleted; one that nobody knows of.
    fn truth() -> (History, Stored) {
        let order = |name: &str, id: &str, steps: &[Step]| Order {
            identifier: format!("fault-{name}"),
            id: Some(id.to_owned()),
            lines: (0..LINES).map(|n| format!("{id}{n}")).collect(),
            steps: steps.to_vec(),
            uncertain: false,
        };
        let kept = order("kept", "1", &[Step::Create, Step::Renumber("PO-1".to_owned())]);
        let gone = order("gone", "2", &[Step::Create, Step::Delete]);
        let lost = Order {
            identifier: "fault-lost".to_owned(),
            steps: vec![Step::Create],
            uncertain: true,
            ..Order::default()
        };
        let row = OrderRow {
            id: "1".to_owned(),
            identifier: kept.identifier.clone(),
            po_number: Some("PO-1".to_owned()),
            lines: kept.lines.clone(),
        };
        let mut changes = Vec::new();
        let mut change = |resource: &str, record: &str, action: &str| {
            let [resource, record, action] = [resource, record, action].map(str::to_owned);
            let position = Some(changes.len() as i64 + 1);
            changes.push(ChangeRow { position, resource, record, action, ..ChangeRow::default() });
        };
        for (order, actions) in [(&kept, ["created", "updated"]), (&gone, ["created", "deleted"])] {
            for action in actions {
                change("orders", order.id.as_deref().unwrap(), action);
                for line in order.lines.iter().filter(|_| action != "updated") {
                    change("orderlineitems", line, action);
                }
            }
        }
        let history = History { orders: vec![kept, gone, lost], ..History::default() };
        (history, Stored { orders: vec![row], changes, ..Stored::default() })
    }

    #[track_caller]
    fn found(falsify: impl FnOnce(&mut History, &mut Stored), says: &str) {
        falsify::found(check, truth(), falsify, says);
    }

    #[test]
    fn an_acknowledged_write_that_is_gone_is_found() {
        found(|_, stored| stored.orders.clear(), "fault-kept: is Outcome { there: None");
        found(|_, stored| stored.orders[0].po_number = None, "fault-kept: is Outcome");
    }

    #[test]
    fn a_deleted_record_that_is_there_is_found() {
        let back = |_: &mut History, stored: &mut Stored| {
            let row = OrderRow { identifier: "fault-gone".to_owned(), ..stored.orders[0].clone() };
            stored.orders.push(OrderRow { id: "2".to_owned(), ..row });
        };
        found(back, "fault-gone: is Outcome { there: Some");
    }

    #[test]
    fn a_record_that_is_there_twice_is_found() {
        found(|_, stored| stored.orders.push(stored.orders[0].clone()), "is there 2 times");
        found(|history, _| history.orders[0].id = Some("3".to_owned()), "its client was told 3");
    }

    #[test]
    fn a_write_that_was_done_twice_is_found() {
        let twice = |_: &mut History, stored: &mut Stored| {
            let updated = stored.changes.iter().find(|change| change.action == "updated").cloned();
            stored.changes.extend(updated);
        };
        found(twice, "changes: [1, 2, 0]");
    }

    #[test]
    fn half_a_record_is_found() {
        found(|_, stored| drop(stored.orders[0].lines.pop()), "has 2 of 3 lines");
        found(|_, stored| stored.changes.retain(|change| change.record != "12"), "line 12 was created 0 times");
        found(|_, stored| stored.changes.retain(|change| change.record != "1"), "changes: [0, 0, 0]");
        let half = |_: &mut History, stored: &mut Stored| {
            let row = OrderRow { identifier: "fault-lost".to_owned(), ..stored.orders[0].clone() };
            stored.orders.push(OrderRow { id: "9".to_owned(), lines: Vec::new(), po_number: None, ..row });
        };
        found(half, "fault-lost: has 0 of 3 lines");
    }

    #[test]
    fn a_record_that_nobody_sent_is_found() {
        found(|_, stored| stored.orders[0].identifier = "fault-other".to_owned(), "fault-other: nobody sent it");
    }
}
