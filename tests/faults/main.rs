//! Faults, proven: a server, workers, Postgres and a broker are killed again and again under load; then a checker reads
//! what the clients were told, and what is stored.
//!
//! `ENTREPOT_FAULTS_SECONDS` (25 unless set) says for how long, `ENTREPOT_FAULTS_SEED` repeats the choices of a run.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the tests of the API use more of it")]
#[path = "../api/support/broker.rs"]
mod broker;
mod check;
mod client;
mod history;
mod interrupted;
mod load;
mod monkey;
mod reaper;
mod settings;
mod site;
mod stored;

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use broker::Broker;
use settings::Settings;
use site::Site;
use stored::Stored;

/// "Every acknowledged write is there, no unacknowledged one is half there, no record twice."
#[test]
fn whatever_is_killed_nothing_is_lost() {
    let _turn = turn();
    prove(Site::open(|_| None));
}

/// The same, with a broker that tells workers of jobs and is killed as well.
#[test]
fn whatever_is_killed_with_a_broker_nothing_is_lost() {
    let _turn = turn();
    if Broker::is_installed() {
        prove(Site::open(Broker::within));
    }
}

fn prove(site: Site) {
    let settings = Settings::from_environment();
    say(&format!("faults: {settings} in {}", site.folder().display()));
    let (history, kills) = load::run(&site, &settings);
    let stored = Stored::read(&site.database());
    say(&format!("faults: {kills}; {history}"));
    let problems = check::all(&history, &stored);
    assert!(problems.is_empty(), "{settings}\n{}", problems.join("\n"));
    assert!(kills.total() > 0 && history.acknowledged() > 0, "nothing was tried");
}

/// One run at a time: each wants the machine for itself.
fn turn() -> impl Drop {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Past the test harness, which keeps back what a passing test prints.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
