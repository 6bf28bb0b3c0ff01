//! Order per record, and receivers that do not hold up each other.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::receiver::{OK, Receiver, Reply};
use super::world::{customer, rename, settled, shop, subscribe};

/// A later event of the same record waits for the earlier one; those of other records do not.
#[test]
fn events_of_a_record_keep_their_order() {
    let shop = shop();
    let (slow, quick) = (customer(&shop), customer(&shop));
    let failing = slow.clone();
    let receiver =
        Receiver::new(
            move |message, before| {
                if before < 2 && message.record() == failing { Reply::Status(500, "", "") } else { OK }
            },
        );
    let webhook = subscribe(shop.client(), &receiver, "customer.updated");
    for turn in 0..5 {
        rename(&shop, &slow, &format!("slow {turn}"));
        rename(&shop, &quick, &format!("quick {turn}"));
    }
    settled(shop.client(), &webhook, &["delivered"]);
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    for message in receiver.received() {
        let name = message.json()["eventData"]["data"]["attributes"]["name"].as_str().unwrap().to_owned();
        let told = names.entry(message.record()).or_default();
        if told.last() != Some(&name) {
            told.push(name);
        }
    }
    for (record, word) in [(&slow, "slow"), (&quick, "quick")] {
        let expected: Vec<String> = (0..5).map(|turn| format!("{word} {turn}")).collect();
        assert_eq!(names[record], expected);
    }
}

#[test]
fn a_slow_receiver_does_not_hold_up_others() {
    let shop = shop();
    let hanging = Receiver::new(|_, _| Reply::Hang(Duration::from_secs(5)));
    let receiver = Receiver::new(|_, _| OK);
    subscribe(shop.client(), &hanging, "customer.created");
    subscribe(shop.client(), &receiver, "customer.updated");
    for _ in 0..100 {
        customer(&shop);
    }
    let id = customer(&shop);
    let start = Instant::now();
    rename(&shop, &id, "told");
    receiver.wait(1);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
