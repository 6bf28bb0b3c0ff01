//! Webhooks: each change of an order was delivered at least once, under one message id and in its order, and nothing
//! that is not stored was.

use std::collections::{BTreeMap, HashMap};

use crate::history::{Delivery, History, Order, Step};
use crate::stored::{Changes, OrderRow, Stored};

/// What happened to an order: the action, and of an update the new number.
type Event<'a> = (&'a str, Option<&'a str>);

pub fn check(history: &History, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    if stored.undelivered > 0 {
        problems.push(format!("{} webhooks were not delivered", stored.undelivered));
    }
    let mut told: BTreeMap<&str, Vec<Event<'_>>> = BTreeMap::new();
    let mut messages: HashMap<&str, &Delivery> = HashMap::new();
    for delivery in &history.deliveries {
        match messages.insert(&delivery.message, delivery) {
            None => told.entry(&delivery.record).or_default().push(event(delivery)),
            Some(earlier) if earlier == delivery => {}
            Some(earlier) => problems.push(format!("a webhook came as {earlier:?} and as {delivery:?}")),
        }
    }
    let (changes, rows) = (stored.changes_by_record(), by_identifier(stored));
    for order in &history.orders {
        let row = rows.get(order.identifier.as_str());
        let Some(id) = order.id.as_deref().or(row.map(|row| row.id.as_str())) else { continue };
        let (made, told) = (made(order, id, &changes), told.remove(id).unwrap_or_default());
        if told != made {
            problems.push(format!("{}: webhooks told of {told:?}, and it was {made:?}", order.identifier));
        }
    }
    problems
        .extend(told.iter().map(|(id, told)| format!("webhooks told of {told:?} of order {id}, which nobody made")));
    problems
}

fn by_identifier(stored: &Stored) -> HashMap<&str, &OrderRow> {
    stored.orders.iter().map(|row| (row.identifier.as_str(), row)).collect()
}

fn event(delivery: &Delivery) -> Event<'_> {
    let number = delivery.number.as_deref().filter(|_| delivery.action == "updated");
    (&delivery.action, number)
}

/// What was stored of an order's changes, with the numbers that its client gave it.
fn made<'a>(order: &'a Order, id: &'a str, changes: &Changes<'a>) -> Vec<Event<'a>> {
    let mut numbers = order.steps.iter().filter_map(|step| match step {
        Step::Renumber(number) => Some(number.as_str()),
        Step::Create | Step::Delete => None,
    });
    let changes = changes.get(&("orders", id)).map_or(&[][..], Vec::as_slice).iter().copied();
    let event = |action: &'a str| (action, if action == "updated" { numbers.next() } else { None });
    changes.map(|change| change.action.as_str()).map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::falsify;
    use crate::stored::ChangeRow;

    /// An order that was changed twice and deleted; one without an answer that is there. One message came twice.
    fn truth() -> (History, Stored) {
        let numbers = ["PO-0", "PO-1"].map(|number| Step::Renumber(number.to_owned()));
        let [first, second] = numbers;
        let gone = Order {
            identifier: "fault-gone".to_owned(),
            id: Some("1".to_owned()),
            steps: vec![Step::Create, first, second, Step::Delete],
            ..Order::default()
        };
        let silent = Order {
            identifier: "fault-silent".to_owned(),
            steps: vec![Step::Create],
            uncertain: true,
            ..Order::default()
        };
        let events = [
            ("a", "1", "created", None),
            ("b", "1", "updated", Some("PO-0")),
            ("c", "1", "updated", Some("PO-1")),
            ("d", "2", "created", None),
            ("e", "1", "deleted", Some("PO-1")),
        ];
        let delivery = |(message, record, action, number): (&str, &str, &str, Option<&str>)| Delivery {
            message: message.to_owned(),
            record: record.to_owned(),
            action: action.to_owned(),
            number: number.map(str::to_owned),
        };
        let mut deliveries = events.map(delivery).to_vec();
        let changes = deliveries.iter().zip(1..).map(|(delivery, position)| ChangeRow {
            position: Some(position),
            resource: "orders".to_owned(),
            record: delivery.record.clone(),
            action: delivery.action.clone(),
            ..ChangeRow::default()
        });
        let changes = changes.collect();
        deliveries.push(deliveries[1].clone());
        let row =
            OrderRow { id: "2".to_owned(), identifier: silent.identifier.clone(), po_number: None, lines: Vec::new() };
        let stored = Stored { orders: vec![row], changes, ..Stored::default() };
        (History { orders: vec![gone, silent], deliveries, ..History::default() }, stored)
    }

    #[track_caller]
    fn found(falsify: impl FnOnce(&mut History, &mut Stored), says: &str) {
        falsify::found(check, truth(), falsify, says);
    }

    #[test]
    fn a_change_that_was_not_delivered_is_found() {
        found(|history, _| drop(history.deliveries.remove(2)), "fault-gone: webhooks told of");
        found(|history, _| drop(history.deliveries.remove(3)), "fault-silent: webhooks told of []");
        found(|_, stored| stored.undelivered = 1, "1 webhooks were not delivered");
    }

    #[test]
    fn a_change_that_never_was_is_found() {
        found(|_, stored| drop(stored.changes.remove(4)), "fault-gone: webhooks told of");
        found(|_, stored| stored.orders.clear(), "of order 2, which nobody made");
    }

    #[test]
    fn changes_out_of_order_are_found() {
        found(|history, _| history.deliveries.swap(0, 4), "fault-gone: webhooks told of");
        found(|history, _| history.deliveries.swap(1, 2), "fault-gone: webhooks told of");
    }

    #[test]
    fn a_message_id_that_is_not_stable_is_found() {
        found(|history, _| history.deliveries[5].message = "f".to_owned(), "fault-gone: webhooks told of");
        found(|history, _| history.deliveries[5].number = None, "a webhook came as Delivery");
    }
}
