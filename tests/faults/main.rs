//! Faults, proven: a server, a worker and Postgres are killed again and again under load; then a checker reads what the
//! clients were told, and what is stored.
//!
//! `ENTREPOT_FAULTS_SECONDS` (25 unless set) says for how long, `ENTREPOT_FAULTS_SEED` repeats the choices of a run.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod check;
mod client;
mod history;
mod load;
mod monkey;
mod settings;
mod site;
mod stored;

use std::io::Write;

use settings::Settings;
use site::Site;
use stored::Stored;

/// "Every acknowledged write is there, no unacknowledged one is half there, no record twice."
#[test]
fn whatever_is_killed_nothing_is_lost() {
    let settings = Settings::from_environment();
    say(&format!("faults: {settings}"));
    let site = Site::open();
    let (history, kills) = load::run(&site, &settings);
    let stored = Stored::read(&site.database());
    say(&format!("faults: {kills}; {history}"));
    let problems = check::all(&history, &stored);
    assert!(problems.is_empty(), "{settings}\n{}", problems.join("\n"));
    assert!(kills.total() > 0 && history.acknowledged() > 0, "nothing was tried");
}

/// Past the test harness, which keeps back what a passing test prints.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
