//! Writes chunks of a batch without HTTP, as the jobs of an operation do, and prints how many records a second that is.
//!
//! `write_chunk URL TYPE FILE [--chunk 1000] [--workers 2]`
//!
//! `bench/batch.py --direct` calls it. Each line of the file is one record with what is included with it:
//! `{"data": {…}, "included": […]}`.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use entrepot::acl::{Caller, Principal, User};
use entrepot::auth::callers::standing;
use entrepot::auth::password::Cost;
use entrepot::config::{Config, Source};
use entrepot::db::Db;
use entrepot::engine::document::item::Item;
use entrepot::engine::registry::Registry;
use entrepot::engine::write::chunk::{Chunk, Outcome, write_chunk};
use entrepot::engine::write::{Context, Nobody};
use entrepot::error::{Error, Errors};
use entrepot::resources::ALL;
use serde_json::{Value as Json, json};

type Failure = Box<dyn StdError>;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn number(conn: &mut PgConnection, sql: &str, organization: i64) -> Result<i64, Error> {
    Ok(diesel::sql_query(sql).bind::<BigInt, _>(organization).get_result::<Number>(conn)?.n)
}

/// The user who may do everything.
fn caller(conn: &mut PgConnection, organization: i64) -> Result<Caller, Failure> {
    let user = number(conn, "SELECT min(id) AS n FROM app_user WHERE organization_id = $1", organization)?;
    let standing = standing(conn, organization, user)?.ok_or("the user has no standing")?;
    Ok(Caller {
        organization,
        principal: Principal::User(User {
            id: user,
            business_unit: standing.business_unit,
            business_units: standing.business_units,
            division: standing.division,
        }),
        client: "bench".to_owned(),
        permissions: standing.permissions,
        networks: Default::default(),
        locale: Default::default(),
    })
}

/// The raw items of one chunk, as the splitter gives them.
struct Raw {
    data: Vec<String>,
    included: Vec<String>,
}

impl Raw {
    fn read(&self, registry: &Registry, kind: &str) -> Result<Chunk, Failure> {
        let resource = registry.get(kind).ok_or("no such resource")?;
        let parse = |text: &String| -> Result<Json, serde_json::Error> { serde_json::from_str(text) };
        let mut chunk = Chunk::default();
        for (index, text) in self.data.iter().enumerate() {
            chunk.primary.push(Item::primary(registry, resource, index, &parse(text)?));
        }
        for (index, text) in self.included.iter().enumerate() {
            chunk.included.push(Item::included(registry, index, &parse(text)?));
        }
        Ok(chunk)
    }
}

struct Options {
    url: String,
    kind: String,
    file: String,
    chunk: usize,
    workers: usize,
}

impl Options {
    fn read() -> Result<Options, Failure> {
        let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
        let number = |name: &str, default: usize| {
            let place = words.iter().position(|word| word == name);
            place.and_then(|place| words.get(place + 1)?.parse().ok()).unwrap_or(default)
        };
        let word =
            |place: usize| words.get(place).cloned().ok_or("write_chunk URL TYPE FILE [--chunk N] [--workers N]");
        let (chunk, workers) = (number("--chunk", 1_000), number("--workers", 2));
        Ok(Options { url: word(0)?, kind: word(1)?, file: word(2)?, chunk, workers })
    }
}

#[derive(Default)]
struct Tally {
    created: usize,
    updated: usize,
    unchanged: usize,
    failed: usize,
    parsing: Duration,
    example: Option<Errors>,
}

fn main() -> Result<(), Failure> {
    let options = Options::read()?;
    let mut source = Source::default();
    source.file("the measurement", &format!("[database]\npool_size = {}", options.workers + 1));
    let config = Config::from_source(source)?;
    let db = Db::connect(&options.url, &config.database, 0)?;
    let mut connection = PgConnection::establish(&options.url)?;
    let organization = number(&mut connection, "SELECT min(id) AS n FROM organization WHERE id >= $1", 0)?;
    let caller = caller(&mut connection, organization)?;
    let chunks = chunks(&options)?;
    let (next, started) = (AtomicUsize::new(0), Instant::now());
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let work = || {
            let registry = Registry::new("admin", "/admin/api", ALL);
            let mut tally = Tally::default();
            while let Some(raw) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = write(&db, &caller, &registry, &options.kind, raw, &mut tally) {
                    eprintln!("{error}");
                }
            }
            tally
        };
        let threads: Vec<_> = (0..options.workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let took = started.elapsed().as_secs_f64();
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    let parsing: Duration = tallies.iter().map(|tally| tally.parsing).sum();
    println!(
        "{}",
        json!({
            "seconds": took,
            "created": sum(|tally| tally.created), "updated": sum(|tally| tally.updated),
            "unchanged": sum(|tally| tally.unchanged), "failed": sum(|tally| tally.failed),
            "parsing": parsing.as_secs_f64(),
        })
    );
    if let Some(errors) = tallies.iter().find_map(|tally| tally.example.as_ref()) {
        eprintln!("{errors}");
    }
    Ok(())
}

fn chunks(options: &Options) -> Result<Vec<Raw>, Failure> {
    let text = std::fs::read_to_string(&options.file)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut chunks = Vec::new();
    for lines in lines.chunks(options.chunk) {
        let mut raw = Raw { data: Vec::new(), included: Vec::new() };
        for line in lines {
            let record: Json = serde_json::from_str(line)?;
            raw.data.push(record["data"].to_string());
            raw.included.extend(record["included"].as_array().into_iter().flatten().map(Json::to_string));
        }
        chunks.push(raw);
    }
    Ok(chunks)
}

fn write(
    db: &Db,
    caller: &Caller,
    registry: &Registry,
    kind: &str,
    raw: &Raw,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let started = Instant::now();
    let chunk = raw.read(registry, kind)?;
    tally.parsing += started.elapsed();
    let (cost, switches) = (Cost::default(), BTreeSet::new());
    let written = db.transaction_now::<_, Errors>(|conn| {
        let (server, observer) = (&Nobody, &Nobody);
        let context = Context { caller, now: Utc::now(), switches: &switches, passwords: &cost, server, observer };
        write_chunk(conn, context, &chunk)
    })?;
    for outcome in written.primary {
        match outcome {
            Outcome::Created(_) => tally.created += 1,
            Outcome::Updated(_) => tally.updated += 1,
            Outcome::Unchanged(_) => tally.unchanged += 1,
            Outcome::Failed(errors) => {
                tally.failed += 1;
                tally.example = Some(errors);
            }
        }
    }
    Ok(())
}
