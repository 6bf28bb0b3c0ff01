//! The statements of JSON:API 1.1, one by one, over the running server.
//!
//! Each [`Check`] names the statements of our checklist that it covers (`CN`: content negotiation, `DS`: documents, `CD`:
//! compound documents, `FE`: fetching, `RL`: relationships, `SF`: sparse fieldsets, `SO`: sorting, `PG`: pagination,
//! `FI`: filtering, `QP`: query parameters, `CR`, `UP`, `DE`: writes, `ER`: errors, `AT`: atomic operations, `CP`: cursors). What is not applicable
//! or decided otherwise by the contract stands in a table of `docs/api.md`; the two together cover every MUST.

mod atomic;
mod creating;
mod documents;
mod errors;
mod fetching;
mod negotiation;
mod paging;
mod queries;
mod relationships;
mod updating;
mod world;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::world::World;

/// One or several statements and how to see whether they hold.
pub struct Check {
    /// The statements' ids, separated by spaces.
    pub ids: &'static str,
    pub says: &'static str,
    pub probe: fn(&World),
}

pub const fn check(ids: &'static str, says: &'static str, probe: fn(&World)) -> Check {
    Check { ids, says, probe }
}

/// Every statement that the specification makes with MUST or MUST NOT.
const MUSTS: &str = "
    CN-01 CN-02 CN-03 CN-04 CN-05 CN-06 CN-07 CN-08 CN-09 CN-10 CN-11 CN-12 CN-14 CN-15 CN-17 CN-20
    DS-01 DS-02 DS-03 DS-04 DS-05 DS-06 DS-07 DS-08 DS-11 DS-12 DS-13 DS-14 DS-15 DS-16 DS-18 DS-19 DS-20 DS-21 DS-22
    DS-23 DS-24 DS-25 DS-26 DS-27 DS-28
    CD-01 CD-02 CD-03 CD-04 CD-05 CD-06 CD-07 CD-08 CD-09
    FE-01 FE-02 FE-03 FE-04 FE-05 FE-06 FE-07 FE-09
    RL-01 RL-02 RL-04 RL-05 RL-06 RL-07 RL-08 RL-09 RL-10 RL-11 RL-12
    SF-01 SF-02 SO-01 SO-03 PG-01 PG-02 PG-03 FI-02
    QP-01 QP-02 QP-03 QP-04 QP-05 QP-06
    CR-01 CR-03 CR-04 CR-05 CR-06 CR-07 CR-08 CR-09 CR-10 CR-11 CR-12 CR-13 CR-15 CR-16
    UP-01 UP-02 UP-03 UP-04 UP-05 UP-06 UP-08 UP-09 UP-10 DE-01 DE-03
    ER-01 ER-02 ER-05 ER-09 ER-10
    AT-01 AT-02 AT-03 AT-04 AT-05 AT-06 AT-07 AT-09 AT-10 AT-11
    CP-01 CP-02 CP-03 CP-04 CP-05 CP-06 CP-07 CP-08 CP-09 CP-10 CP-12 CP-13 CP-15";

const TOPICS: &[&[Check]] = &[
    negotiation::CHECKS,
    documents::CHECKS,
    fetching::CHECKS,
    queries::CHECKS,
    paging::CHECKS,
    relationships::CHECKS,
    creating::CHECKS,
    updating::CHECKS,
    errors::CHECKS,
    atomic::CHECKS,
];

/// Makes every check of a topic before it fails, and names all that do not hold.
#[track_caller]
fn run(checks: &[Check]) {
    let world = World::new();
    let broken: Vec<String> = checks
        .iter()
        .filter(|check| catch_unwind(AssertUnwindSafe(|| (check.probe)(&world))).is_err())
        .map(|check| format!("{}: {}", check.ids, check.says))
        .collect();
    assert!(broken.is_empty(), "these statements do not hold:\n{}", broken.join("\n"));
}

#[test]
fn negotiation() {
    run(negotiation::CHECKS);
}

#[test]
fn documents() {
    run(documents::CHECKS);
}

#[test]
fn fetching() {
    run(fetching::CHECKS);
}

#[test]
fn queries() {
    run(queries::CHECKS);
}

#[test]
fn paging() {
    run(paging::CHECKS);
}

#[test]
fn relationships() {
    run(relationships::CHECKS);
}

#[test]
fn creating() {
    run(creating::CHECKS);
}

#[test]
fn updating_and_deleting() {
    run(updating::CHECKS);
}

#[test]
fn errors() {
    run(errors::CHECKS);
}

#[test]
fn atomic_operations() {
    run(atomic::CHECKS);
}

/// Each MUST is probed here or has a row, with the reason, in `docs/api.md`; neither names what does not exist.
#[test]
fn every_must_is_probed_or_explained() {
    let probed: BTreeSet<&str> =
        TOPICS.iter().copied().flatten().flat_map(|check| check.ids.split_ascii_whitespace()).collect();
    let page = include_str!("../../../docs/api.md");
    let explained: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|row| row.split(" | ").next())
        .flat_map(|ids| ids.split(", "))
        .filter(|id| id.len() == 5 && id.as_bytes()[2] == b'-')
        .collect();
    let missing: Vec<&str> =
        MUSTS.split_ascii_whitespace().filter(|id| !probed.contains(id) && !explained.contains(id)).collect();
    assert!(missing.is_empty(), "neither probed nor explained in docs/api.md: {missing:?}");
    for row in page.lines().filter(|line| line.starts_with("| ") && line.as_bytes().get(4) == Some(&b'-')) {
        let reason = row.split(" | ").nth(2).unwrap_or_default().trim_end_matches(" |");
        assert!(reason.len() > 20, "a row without a reason: {row}");
    }
}
