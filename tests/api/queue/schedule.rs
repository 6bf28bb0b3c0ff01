use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use entrepot::error::Error;

use super::world::until;
use crate::support::database;
use crate::support::server::TestServer;

#[derive(QueryableByName, PartialEq, Debug)]
struct Seen {
    #[diesel(sql_type = BigInt)]
    jobs: i64,
    #[diesel(sql_type = Bool)]
    scheduled: bool,
}

/// A recurring job comes at the start and each period, whatever the number of processes; this one removes what has ended
/// long ago ("Days that jobs are kept which others depended on and which have ended, and that dead letters are kept").
#[test]
fn old_jobs_are_cleaned_away_daily() {
    let url = database::own();
    let seen = |server: &TestServer| -> Seen {
        let query = "SELECT count(*) AS jobs, EXISTS (
            SELECT FROM job_schedule WHERE name = 'queue.clean'
            AND next_at BETWEEN now() + interval '23 hours' AND now() + interval '24 hours') AS scheduled FROM job";
        server.db.run_now::<_, Error>(|conn| Ok(diesel::sql_query(query).get_result(conn)?)).unwrap()
    };
    let write = |server: &TestServer, text: &str| {
        server.db.transaction_now::<_, Error>(|conn| Ok(diesel::sql_query(text).execute(conn)?)).unwrap()
    };
    let settings = "[queue]\nworkers = 1\nlease = 3\npoll_interval = 100";
    let servers = [TestServer::start(&url, settings), TestServer::start(&url, settings)];
    until("it was cleaned for the first time", || seen(&servers[0]) == Seen { jobs: 0, scheduled: true });
    write(
        &servers[0],
        "INSERT INTO job (queue, name, payload, max_attempts, status, last_error, kept, ended_at)
         SELECT 'default', name, '{}', 1, status, error, true, now() - days * interval '1 day'
         FROM (VALUES ('gone', 'success', NULL, 8), ('stays', 'success', NULL, 6), ('gone', 'cancelled', 'x', 8),
                      ('gone', 'failed', NULL, 8), ('stays', 'failed', 'dead', 89), ('gone', 'failed', 'dead', 91),
                      ('gone', 'stale', 'dead', 91)) AS job (name, status, error, days)",
    );
    write(&servers[0], "UPDATE job_schedule SET next_at = now()");
    until("it was cleaned again", || seen(&servers[1]) == Seen { jobs: 2, scheduled: true });
    assert_eq!(write(&servers[0], "DELETE FROM job WHERE name = 'stays'"), 2);
}
