//! The order of the feed: "gap-free under concurrent commits: a reader that stores the cursor never misses and never gets a
//! row twice".

use std::time::{Duration, Instant};

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use entrepot::error::Error;
use entrepot::feed::sequencer::{LEASE, Numbered, Sequencer};

use super::PATIENCE;
use crate::support::database;
use crate::support::served::Served;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    position: Option<i64>,
}

/// The change rows of organization 1 with their positions, by id.
fn rows(conn: &mut PgConnection) -> Vec<(i64, Option<i64>)> {
    let rows: Vec<Row> = diesel::sql_query("SELECT id, position FROM change ORDER BY id").load(conn).unwrap();
    rows.into_iter().map(|row| (row.id, row.position)).collect()
}

/// Writes a change row of a record, as a transaction that has written the record does.
fn change(conn: &mut PgConnection, record: &str) {
    let insert = format!(
        "INSERT INTO change (organization_id, resource, record_id, action, fields, at) \
         VALUES (1, 'orders', '{record}', 'updated', '[]', now())"
    );
    conn.batch_execute(&insert).unwrap();
}

fn connect(url: &str) -> PgConnection {
    PgConnection::establish(url).unwrap()
}

fn transact<T>(conn: &mut PgConnection, work: impl FnOnce(&mut PgConnection) -> QueryResult<T>) -> T {
    conn.transaction::<_, Error, _>(|conn| Ok(work(conn)?)).unwrap()
}

/// What a sequencer that was elected numbers in one go.
fn number(sequencer: &mut Sequencer, conn: &mut PgConnection) -> i64 {
    let start = Instant::now();
    match transact(conn, |conn| sequencer.number(conn)) {
        Numbered::Deposed => panic!("not elected"),
        Numbered::Rows(advances, mark) => {
            sequencer.committed(start, &advances, mark);
            advances.iter().map(|advance| advance.rows).sum()
        }
    }
}

/// "A sequence drawn in the transaction loses rows (show it in a test with overlapping transactions)": the ids of change
/// rows are such a sequence. A reader that goes by them never sees the row of the transaction that commits last; a reader
/// that goes by positions does.
#[test]
fn a_sequence_drawn_in_the_transaction_loses_rows() {
    let url = database::own();
    let [mut slow, mut quick, mut reader] = [(); 3].map(|()| connect(&url));
    let mut sequencer = Sequencer::default();
    assert!(transact(&mut reader, |conn| sequencer.stand(conn)));
    slow.batch_execute("BEGIN").unwrap();
    change(&mut slow, "1");
    change(&mut quick, "2");
    assert_eq!(number(&mut sequencer, &mut reader), 1);
    let (seen_by_id, seen_by_position) = {
        let seen = rows(&mut reader);
        assert_eq!(seen.len(), 1);
        (seen[0].0, seen[0].1.unwrap())
    };
    slow.batch_execute("COMMIT").unwrap();
    assert_eq!(number(&mut sequencer, &mut reader), 1);
    let all = rows(&mut reader);
    let by_id = all.iter().filter(|(id, _)| *id > seen_by_id).count();
    let by_position = all.iter().filter(|(_, position)| position.unwrap() > seen_by_position).count();
    assert_eq!((by_id, by_position), (0, 1), "the row of the slow transaction");
    let positions: Vec<i64> = all.iter().map(|(_, position)| position.unwrap()).collect();
    assert_eq!(positions, [2, 1]);
}

/// "A snapshot's xmin stalls behind any long transaction of the whole cluster": this feed does not, be it a transaction
/// that writes elsewhere, one that only reads, or one in another database.
#[test]
fn a_long_transaction_elsewhere_stalls_nothing() {
    let (url, elsewhere) = (database::own(), database::own());
    let [mut writer, mut reader, mut conn] = [(); 3].map(|()| connect(&url));
    let mut other = connect(&elsewhere);
    writer.batch_execute("BEGIN; CREATE TABLE long_ago (id int)").unwrap();
    other.batch_execute("BEGIN; CREATE TABLE long_ago (id int)").unwrap();
    reader.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM change").unwrap();
    let mut sequencer = Sequencer::default();
    assert!(transact(&mut conn, |conn| sequencer.stand(conn)));
    for round in 1..=3 {
        change(&mut conn, "1");
        assert!(sequencer.pending(&mut conn).unwrap());
        assert_eq!(number(&mut sequencer, &mut conn), 1);
        assert!(!sequencer.pending(&mut conn).unwrap());
        assert_eq!(rows(&mut conn).last().unwrap().1, Some(round));
    }
}

/// A row that was drawn long before others and commits after them is found, however far the search has gone on.
#[test]
fn a_late_commit_is_not_missed() {
    let url = database::own();
    let [mut slow, mut conn] = [(); 2].map(|()| connect(&url));
    let mut sequencer = Sequencer::default();
    assert!(transact(&mut conn, |conn| sequencer.stand(conn)));
    slow.batch_execute("BEGIN").unwrap();
    change(&mut slow, "late");
    for _ in 0..3 {
        change(&mut conn, "early");
        number(&mut sequencer, &mut conn);
        assert!(!sequencer.pending(&mut conn).unwrap());
    }
    slow.batch_execute("COMMIT").unwrap();
    assert!(sequencer.pending(&mut conn).unwrap());
    assert_eq!(number(&mut sequencer, &mut conn), 1);
    assert_eq!(rows(&mut conn)[0].1, Some(4));
    // Now nothing older can come, and the next ones are found as well.
    assert!(!sequencer.pending(&mut conn).unwrap());
    change(&mut conn, "next");
    assert!(sequencer.pending(&mut conn).unwrap());
    assert_eq!(number(&mut sequencer, &mut conn), 1);
}

/// "one sequencer, elected by a row lock with a lease": who was replaced numbers nothing any more, even if it does not know
/// yet; and only one is elected.
#[test]
fn who_was_replaced_numbers_nothing() {
    let url = database::own();
    let [mut one, mut two] = [(); 2].map(|()| connect(&url));
    let (mut first, mut second) = (Sequencer::default(), Sequencer::default());
    assert!(transact(&mut one, |conn| first.stand(conn)));
    assert!(!transact(&mut two, |conn| second.stand(conn)));
    let end = Instant::now() + PATIENCE;
    while !transact(&mut two, |conn| second.stand(conn)) {
        assert!(Instant::now() < end, "nobody renews the lease");
    }
    change(&mut one, "1");
    assert_eq!(transact(&mut one, |conn| first.number(conn)), Numbered::Deposed);
    assert_eq!(rows(&mut one)[0].1, None);
    assert_eq!(number(&mut second, &mut two), 1);
    transact(&mut two, |conn| second.resign(conn));
    assert!(transact(&mut one, |conn| first.stand(conn)), "at once");
}

/// Two that both believe to be elected wait for each other: no position is given twice.
#[test]
fn numbering_waits_for_numbering() {
    let url = database::own();
    let [mut one, mut two] = [(); 2].map(|()| connect(&url));
    let mut sequencer = Sequencer::default();
    assert!(transact(&mut one, |conn| sequencer.stand(conn)));
    change(&mut one, "1");
    one.batch_execute("BEGIN").unwrap();
    assert!(matches!(sequencer.number(&mut one).unwrap(), Numbered::Rows(advances, _) if advances[0].position == 1));
    change(&mut two, "2");
    two.batch_execute("SET lock_timeout = '100ms'").unwrap();
    assert!(two.transaction(|conn| sequencer.number(conn)).is_err(), "the first one has not committed");
    one.batch_execute("COMMIT").unwrap();
    assert_eq!(number(&mut sequencer, &mut two), 1);
    assert_eq!(rows(&mut two).into_iter().map(|(_, position)| position.unwrap()).collect::<Vec<_>>(), [1, 2]);
}

/// Rows of one transaction are numbered in groups, in the order of their ids.
#[test]
fn many_rows_at_once() {
    let url = database::own();
    let mut conn = connect(&url);
    let mut sequencer = Sequencer::default();
    assert!(transact(&mut conn, |conn| sequencer.stand(conn)));
    conn.batch_execute(
        "INSERT INTO change (organization_id, resource, record_id, action, fields, at) \
         SELECT n % 3, 'products', n::text, 'created', '[]', now() FROM generate_series(1, 12000) n",
    )
    .unwrap();
    let groups: Vec<i64> = (0..4).map(|_| number(&mut sequencer, &mut conn)).collect();
    assert_eq!(groups, [5000, 5000, 2000, 0]);
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        wrong: i64,
    }
    let wrong: Count = diesel::sql_query(
        "SELECT count(*) AS wrong FROM (SELECT position, row_number() OVER (PARTITION BY organization_id ORDER BY id) \
         AS expected FROM change) numbered WHERE position IS DISTINCT FROM expected",
    )
    .get_result(&mut conn)
    .unwrap();
    assert_eq!(wrong.wrong, 0);
}

/// "a killed sequencer process is replaced": two real processes, of which the elected one is killed as by `kill -9`.
#[test]
fn a_killed_sequencer_is_replaced() {
    let url = database::own();
    let mut conn = connect(&url);
    let mut processes: Vec<Option<Served>> = (0..2).map(|_| Some(Served::on(&url, &[]))).collect();
    let numbered = |conn: &mut PgConnection, last: i64| {
        change(conn, "1");
        let end = Instant::now() + PATIENCE;
        while rows(conn).last().unwrap().1 != Some(last) {
            assert!(Instant::now() < end, "nobody numbers any more");
            std::thread::yield_now();
        }
    };
    numbered(&mut conn, 1);
    // One of the two is the elected one: both are killed, one after the other, each replaced before.
    for (round, victim) in [(2, 0), (3, 1)] {
        processes[victim].take().unwrap().kill();
        if victim == 1 {
            processes[0] = Some(Served::on(&url, &[]));
        }
        let start = Instant::now();
        numbered(&mut conn, round);
        assert!(start.elapsed() < LEASE + Duration::from_secs(20));
    }
}
