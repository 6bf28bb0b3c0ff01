//! Writes chunks of a batch without HTTP, as the jobs of an operation do, and prints how many records a second that is.
//!
//! `cargo bench --bench write_chunk -- URL prices|levels|products|orders [--count 200000] [--chunk 1000] [--workers 2]
//! [--bad 0] [--first 0]`
//!
//! The database is one of `bench/batch.py`, which prepares it and calls this. `--bad`: so many records in each thousand are
//! wrong, in turn by an unknown reference, as a duplicate, by a value of the wrong type and by a lack of rights.
//! `--first`: the number of the first record, so that a second load can follow a first.

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

/// What the records are made of.
struct World {
    organization: i64,
    family: i64,
    customer: i64,
    list: i64,
    /// Ids of products, and of their units' precisions.
    products: Vec<(i64, i64)>,
    /// A record of another organization.
    foreign: i64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = BigInt)]
    a: i64,
    #[diesel(sql_type = BigInt)]
    b: i64,
}

fn number(conn: &mut PgConnection, sql: &str, organization: i64) -> Result<i64, Error> {
    Ok(diesel::sql_query(sql).bind::<BigInt, _>(organization).get_result::<Number>(conn)?.n)
}

impl World {
    fn read(conn: &mut PgConnection) -> Result<World, Error> {
        let organization = number(conn, "SELECT min(id) AS n FROM organization WHERE id >= $1", 0)?;
        let mut one = |sql: &str| number(conn, sql, organization);
        let family = one("SELECT min(id) AS n FROM attribute_family WHERE organization_id = $1")?;
        let customer = one("SELECT min(id) AS n FROM customer WHERE organization_id = $1")?;
        let list = one("SELECT max(id) AS n FROM price_list WHERE organization_id = $1")?;
        let foreign = one("SELECT coalesce(max(id), 0) + 1000000 AS n FROM product WHERE organization_id = $1")?;
        let products =
            "SELECT product_id AS a, id AS b FROM product_unit_precision WHERE organization_id = $1 ORDER BY id";
        let pairs = diesel::sql_query(products).bind::<BigInt, _>(organization).load::<Pair>(conn)?;
        let products = pairs.into_iter().map(|pair| (pair.a, pair.b)).collect();
        Ok(World { organization, family, customer, list, products, foreign })
    }

    /// A record and what is included with it; `bad`: which of the four ways it is wrong in.
    fn record(&self, kind: &str, n: usize, bad: Option<usize>) -> (Json, Vec<Json>) {
        let (product, precision) = self.products[n % self.products.len().max(1)];
        let product = if bad == Some(0) { self.foreign } else { product };
        match kind {
            "prices" => (self.price(product, n, bad), Vec::new()),
            "levels" => (self.level(if bad == Some(0) { self.foreign } else { precision }, n, bad), Vec::new()),
            "products" => self.product(n, bad),
            _ => self.order(n, bad),
        }
    }

    fn price(&self, product: i64, n: usize, bad: Option<usize>) -> Json {
        let n = if bad == Some(1) { n - 1 } else { n };
        let product = if bad == Some(1) { self.products[n % self.products.len()].0 } else { product };
        let quantity = 1 + n / self.products.len();
        let value = if bad == Some(2) { json!("dear") } else { json!(format!("{}.{:02}", 1 + n % 977, n % 100)) };
        let list = if bad == Some(3) { self.foreign } else { self.list };
        json!({
            "type": "productprices", "meta": {"upsert": ["priceList", "product", "unit", "quantity", "currency"]},
            "attributes": {"quantity": quantity, "value": value, "currency": "USD"},
            "relationships": {
                "priceList": one("pricelists", list), "product": one("products", product), "unit": one("productunits", "item"),
            },
        })
    }

    fn level(&self, precision: i64, n: usize, bad: Option<usize>) -> Json {
        let quantity = if bad == Some(2) { json!("much") } else { json!((n * 7 % 5003).to_string()) };
        let key = if bad == Some(1) { self.products[(n - 1) % self.products.len()].1 } else { precision };
        json!({
            "type": "inventorylevels", "meta": {"upsert": ["productUnitPrecision"]}, "attributes": {"quantity": quantity},
            "relationships": {"productUnitPrecision": one("productunitprecisions", key)},
        })
    }

    fn product(&self, n: usize, bad: Option<usize>) -> (Json, Vec<Json>) {
        let label = |what: &str| format!("{what}{n}");
        let sku = format!("LOAD-{:07}", if bad == Some(1) { n - 1 } else { n });
        let status = if bad == Some(2) { "no status" } else { "enabled" };
        let family = if matches!(bad, Some(0 | 3)) { self.foreign } else { self.family };
        let data = json!({
            "type": "products", "id": label("p"), "meta": {"upsert": ["sku"]},
            "attributes": {"sku": sku, "status": status, "productType": "simple"},
            "relationships": {
                "names": many("productnames", &[label("n")]),
                "descriptions": many("productdescriptions", &[label("d")]),
                "unitPrecisions": many("productunitprecisions", &[label("u"), label("v")]),
                "primaryUnitPrecision": one("productunitprecisions", label("u")),
                "inventory_status": one("prodinventorystatuses", "in_stock"),
                "attributeFamily": one("attributefamilies", family),
            },
        });
        let unit = |what: &str, unit: &str| {
            json!({
                "type": "productunitprecisions", "id": label(what), "attributes": {"precision": 0, "conversionRate": 1},
                "relationships": {"unit": one("productunits", unit)},
            })
        };
        let included = vec![
            json!({"type": "productnames", "id": label("n"), "attributes": {"string": format!("Product {n}")}}),
            json!({"type": "productdescriptions", "id": label("d"), "attributes": {"wysiwyg": format!("<p>It is number {n}.</p>")}}),
            unit("u", "item"),
            unit("v", "set"),
        ];
        (data, included)
    }

    fn order(&self, n: usize, bad: Option<usize>) -> (Json, Vec<Json>) {
        let labels: Vec<String> = (0..3).map(|line| format!("l{n}-{line}")).collect();
        let identifier = format!("LOAD-{:07}", if bad == Some(1) { n - 1 } else { n });
        let customer = if bad == Some(0) { self.foreign } else { self.customer };
        let currency = if bad == Some(2) { "dollars" } else { "USD" };
        let mut relationships = json!({
            "customer": one("customers", customer), "lineItems": many("orderlineitems", &labels),
        });
        if bad == Some(3) {
            relationships["owner"] = one("users", self.foreign);
        }
        let data = json!({
            "type": "orders", "id": format!("o{n}"), "attributes": {"identifier": identifier, "currency": currency},
            "relationships": relationships,
        });
        let line = |line: usize| {
            let (product, _) = self.products[(n * 3 + line) % self.products.len()];
            json!({
                "type": "orderlineitems", "id": labels[line],
                "attributes": {"quantity": 1 + (n + line) % 40, "value": format!("{}.{:02}", 1 + n % 311, (n * 7 + line) % 100), "currency": "USD"},
                "relationships": {"product": one("products", product), "productUnit": one("productunits", "item")},
            })
        };
        (data, (0..3).map(line).collect())
    }
}

fn one(kind: &str, id: impl ToString) -> Json {
    json!({"data": {"type": kind, "id": id.to_string()}})
}

fn many(kind: &str, ids: &[String]) -> Json {
    json!({"data": ids.iter().map(|id| json!({"type": kind, "id": id})).collect::<Vec<_>>()})
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
    count: usize,
    chunk: usize,
    workers: usize,
    bad: usize,
    first: usize,
}

impl Options {
    fn read() -> Result<Options, Failure> {
        let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
        let number = |name: &str, default: usize| {
            let place = words.iter().position(|word| word == name);
            place.and_then(|place| words.get(place + 1)?.parse().ok()).unwrap_or(default)
        };
        let word = |place: usize| words.get(place).cloned().ok_or("URL prices|levels|products|orders [options]");
        Ok(Options {
            url: word(0)?,
            kind: word(1)?,
            count: number("--count", 200_000),
            chunk: number("--chunk", 1_000),
            workers: number("--workers", 2),
            bad: number("--bad", 0),
            first: number("--first", 0),
        })
    }

    fn resource(&self) -> &'static str {
        match self.kind.as_str() {
            "prices" => "productprices",
            "levels" => "inventorylevels",
            "products" => "products",
            _ => "orders",
        }
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
    let world = db.run_now::<_, Error>(World::read)?;
    let mut connection = PgConnection::establish(&options.url)?;
    let caller = caller(&mut connection, world.organization)?;
    let chunks = chunks(&world, &options);
    let (next, started) = (AtomicUsize::new(0), Instant::now());
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let work = || {
            let registry = Registry::new("admin", "/admin/api", ALL);
            let mut tally = Tally::default();
            while let Some(raw) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = write(&db, &caller, &registry, options.resource(), raw, &mut tally) {
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
            "kind": options.kind, "records": options.count, "seconds": took, "rate": options.count as f64 / took,
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

fn chunks(world: &World, options: &Options) -> Vec<Raw> {
    let records: Vec<usize> = (options.first..options.first + options.count).collect();
    let is_bad = |n: usize| n > 0 && options.bad > 0 && n % (1000 / options.bad) == 500 / options.bad;
    let raw = |numbers: &[usize]| {
        let mut raw = Raw { data: Vec::new(), included: Vec::new() };
        for n in numbers {
            let way = is_bad(*n).then(|| n / (1000 / options.bad.max(1)) % 4);
            let (data, included) = world.record(&options.kind, *n, way);
            raw.data.push(data.to_string());
            raw.included.extend(included.iter().map(Json::to_string));
        }
        raw
    };
    records.chunks(options.chunk).map(raw).collect()
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
