use std::time::Duration;

use entrepot::db::embedded::{Durability, Embedded};
use entrepot::db::migrate::migrate;

use crate::support::database;
use crate::support::working::{Working, run};

/// How long Postgres is away, and what may be said meanwhile of all threads together.
const AWAY: Duration = Duration::from_secs(20);
const LINES: usize = 12;

/// Postgres is gone for a while, and idle workers ask for it all the time: they say so once, not each time, and go on by
/// themselves when it is back.
#[test]
fn a_database_that_is_gone_for_long_floods_no_log_and_heals() {
    let folder = database::folder("gone");
    let _reaper = database::reap(&folder);
    let postgres = Embedded::open(folder.path(), Durability::Fleeting).unwrap();
    migrate(&postgres.url()).unwrap();
    let patience = [("ENTREPOT_DATABASE_CHECKOUT_TIMEOUT", "1")];
    let worker = Working::on(&postgres.url(), &["--concurrency", "6"], &patience);
    let probe = || run(&postgres.url(), &["queue", "probe", "--jobs", "50", "--single", "2"]);
    probe().unwrap();
    let complaints = || -> Vec<String> {
        let told =
            |line: &String| ["WARN", "ERROR"].iter().any(|level| line.contains(&format!("\"level\":\"{level}\"")));
        worker.log().into_iter().filter(told).collect()
    };
    let before = complaints();
    assert!(before.is_empty(), "{}", before.join("\n"));
    postgres.stop().unwrap();
    // This is the attack: nothing happens for so long.
    std::thread::sleep(AWAY);
    postgres.start().unwrap();
    probe().unwrap();
    let said = complaints();
    assert!(!said.is_empty(), "an operator has to be told");
    assert!(said.len() <= LINES, "{} lines in {AWAY:?}:\n{}", said.len(), said.join("\n"));
}
