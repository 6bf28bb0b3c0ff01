//! A database with workers, and jobs that leave a trace.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use entrepot::app::App;
use entrepot::error::Error;
use entrepot::queue::{self, Enqueued, Entry, Failed, Job, Options, Progress, Run, entry};
use serde::{Deserialize, Serialize};

use crate::support::database;
use crate::support::server::TestServer;

/// Notes a text as its effect.
#[derive(Serialize, Deserialize)]
pub struct Note {
    pub text: String,
}

/// The same, in groups.
#[derive(Serialize, Deserialize)]
pub struct GroupedNote {
    pub text: String,
}

/// Notes its attempt's number and fails, until this attempt.
#[derive(Serialize, Deserialize)]
pub struct SucceedAt {
    pub attempt: u32,
}

/// Waits, in its effects, until the gate is opened; then notes its text.
#[derive(Serialize, Deserialize)]
pub struct Gated {
    pub text: String,
}

/// The same, waiting before it completes, and with no time to lose.
#[derive(Serialize, Deserialize)]
pub struct Slow {
    pub text: String,
}

/// A root that enqueues so many children when it completes.
#[derive(Serialize, Deserialize)]
pub struct Root {
    pub children: Vec<String>,
}

pub const JOBS: &[Entry] = &[
    entry::<Note>(),
    entry::<GroupedNote>(),
    entry::<SucceedAt>(),
    entry::<Gated>(),
    entry::<Slow>(),
    entry::<Root>(),
];

fn note(conn: &mut PgConnection, text: &str) -> Result<(), Failed> {
    diesel::sql_query("INSERT INTO noted (text) VALUES ($1)").bind::<Text, _>(text).execute(conn)?;
    assert!(!text.starts_with("panic"), "{text}");
    if text.starts_with("bad") {
        return Err(Failed::never(format!("{text} is bad.")));
    }
    Ok(())
}

fn await_gate(db: &entrepot::db::Db) -> Result<(), Failed> {
    until("the gate opens", || {
        #[derive(QueryableByName)]
        struct Open {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let open: Open = db
            .run_now::<_, Error>(|conn| Ok(diesel::sql_query("SELECT count(*) FROM gate").get_result(conn)?))
            .unwrap();
        open.count > 0
    });
    Ok(())
}

impl Job for Note {
    const NAME: &'static str = "note";
    fn run(&self, _: &App, run: &Run<'_>) -> Result<(), Failed> {
        run.complete(|conn| note(conn, &self.text))
    }
}

impl Job for GroupedNote {
    const NAME: &'static str = "note.grouped";
    const GROUPED: bool = true;
    fn run(&self, _: &App, run: &Run<'_>) -> Result<(), Failed> {
        run.complete(|conn| note(conn, &self.text))
    }
}

impl Job for SucceedAt {
    const NAME: &'static str = "succeed-at";
    const ATTEMPTS: u16 = 3;
    fn run(&self, _: &App, run: &Run<'_>) -> Result<(), Failed> {
        run.step(|conn| note(conn, &format!("attempt {}", run.attempt())))?;
        if run.attempt() == 1 {
            panic!("the first attempt");
        }
        if run.attempt() < self.attempt {
            return Err(Failed::After(Duration::from_millis(1), format!("attempt {} failed", run.attempt())));
        }
        Ok(())
    }
}

impl Job for Gated {
    const NAME: &'static str = "gated";
    fn run(&self, app: &App, run: &Run<'_>) -> Result<(), Failed> {
        run.complete(|conn| {
            note(conn, &self.text)?;
            await_gate(&app.db)
        })
    }
}

impl Job for Slow {
    const NAME: &'static str = "slow";
    const QUEUE: &'static str = "slow";
    const STALE_AFTER: Option<Duration> = Some(Duration::from_secs(1));
    fn run(&self, app: &App, run: &Run<'_>) -> Result<(), Failed> {
        if run.attempt() == 1 {
            await_gate(&app.db)?;
        }
        run.complete(|conn| note(conn, &self.text))
    }
}

impl Job for Root {
    const NAME: &'static str = "root";
    fn run(&self, _: &App, run: &Run<'_>) -> Result<(), Failed> {
        run.complete(|conn| {
            let children: Vec<Note> = self.children.iter().map(|text| Note { text: text.clone() }).collect();
            queue::enqueue_all(conn, None, &children, &Options { root: Some(run.id()), ..Options::default() })?;
            Ok(())
        })
    }
}

/// A database of the test's own, with a server beside it that has workers or none.
pub struct World {
    pub url: String,
    pub server: TestServer,
}

impl World {
    /// With so many workers.
    pub fn new(workers: u32) -> World {
        let url = database::own();
        PgConnection::establish(&url)
            .unwrap()
            .batch_execute("CREATE TABLE noted (id serial, text text NOT NULL); CREATE TABLE gate (opened boolean)")
            .unwrap();
        let server = start(&url, workers);
        World { url, server }
    }

    /// Another process, as it were, on the same database.
    pub fn another(&self, workers: u32) -> TestServer {
        start(&self.url, workers)
    }

    pub fn write<T>(&self, mut work: impl FnMut(&mut PgConnection) -> Result<T, Error>) -> T {
        self.server.db.transaction_now::<_, Error>(|conn| work(conn)).unwrap()
    }

    pub fn sql(&self, text: &str) {
        self.write(|conn| Ok(conn.batch_execute(text)?));
    }

    /// Enqueues in a transaction of its own.
    pub fn enqueue<J: Job>(&self, job: &J, options: &Options<'_>) -> Enqueued {
        self.write(|conn| queue::enqueue(conn, None, job, options))
    }

    pub fn note(&self, text: &str, options: &Options<'_>) -> Enqueued {
        self.enqueue(&Note { text: text.to_owned() }, options)
    }

    /// What jobs have noted, in the order of their commits' beginnings.
    pub fn noted(&self) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let rows: Vec<Row> = self.write(|conn| Ok(diesel::sql_query("SELECT text FROM noted ORDER BY id").load(conn)?));
        rows.into_iter().map(|row| row.text).collect()
    }

    pub fn progress(&self, id: i64) -> Option<Progress> {
        self.write(|conn| Ok(queue::progress(conn, id)?))
    }

    /// The status of a job whose row stays.
    pub fn status(&self, id: i64) -> &'static str {
        self.progress(id).map_or("gone", |progress| progress.status.as_str())
    }

    #[track_caller]
    pub fn await_status(&self, id: i64, status: &str) {
        until(&format!("job {id} is {status}"), || self.status(id) == status);
    }

    /// Waits until no job is left that has not ended.
    #[track_caller]
    pub fn await_rest(&self) {
        until("all jobs have ended", || self.count("ended_at IS NULL") == 0);
    }

    /// How many jobs meet that condition.
    pub fn count(&self, condition: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let query = format!("SELECT count(*) FROM job WHERE {condition}");
        let row: Row = self.write(|conn| Ok(diesel::sql_query(&query).get_result(conn)?));
        row.count
    }

    pub fn open_gate(&self) {
        self.sql("INSERT INTO gate VALUES (true)");
    }
}

fn start(url: &str, workers: u32) -> TestServer {
    TestServer::with_jobs(url, &format!("[queue]\nworkers = {workers}\nlease = 3\npoll_interval = 200"), JOBS)
}

/// Waits, generously, until that holds.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "it did not come to pass that {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
