//! A dead endpoint is paused, probed, and resumed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::receiver::{OK, Received, Receiver, Reply};
use super::world::{customer, eventually, settled, shop, subscribe};

#[test]
fn a_dead_endpoint_is_paused_and_resumed() {
    let shop = shop();
    let alive = Arc::new(AtomicBool::new(false));
    let state = alive.clone();
    let receiver =
        Receiver::new(move |_, _| if state.load(Ordering::SeqCst) { OK } else { Reply::Status(502, "", "dead") });
    let webhook = subscribe(shop.client(), &receiver, "customer.created");
    for _ in 0..20 {
        customer(&shop);
    }
    // A few fail; then the circuit opens, and single probes are made, further and further apart.
    let start = Instant::now();
    let dead = eventually("a probe", || {
        let dead = receiver.received();
        let apart = |one: &[Received]| one[1].at - one[0].at >= Duration::from_millis(900);
        (dead.len() >= 4 && dead.windows(2).any(apart)).then_some(dead)
    });
    assert!(start.elapsed() < Duration::from_secs(30));
    assert!(dead.len() < 20, "{} attempts at a dead endpoint", dead.len());
    alive.store(true, Ordering::SeqCst);
    assert_eq!(settled(shop.client(), &webhook, &["delivered"]).len(), 20);
}
