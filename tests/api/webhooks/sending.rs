//! A dispatcher of the test's own beside a server that has none, with a resolver that answers as it is told.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use diesel::prelude::*;
use entrepot::app::App;
use entrepot::auth::secret::ServerKey;
use entrepot::db::Db;
use entrepot::queue::Stop;
use entrepot::webhooks::destination::{Lookup, system};
use entrepot::webhooks::dispatcher;

use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::{KEY, TestServer, config};
use crate::support::shop::Shop;

/// 127.0.0.2 stands for the internet; 127.0.0.1 and the rest for what is inside.
pub const PUBLIC: &str = "127.0.0.2";

/// Quick, and without a circuit.
pub const SETTINGS: &str = "
    [webhooks]
    allowed_networks = [\"127.0.0.2/32\"]
    timeout = 2
    circuit_failures = 1000
";

/// A server that sends nothing by itself, and its database.
pub struct Still {
    pub url: String,
    pub shop: Shop,
}

impl Still {
    pub fn new() -> Still {
        let url = database::own();
        let server = TestServer::lasting(&url, SETTINGS);
        Still { shop: Shop::of(Organization::on(server)), url }
    }

    /// Work on the database.
    pub fn execute(&self, sql: &str) -> usize {
        self.shop.organization.write(|conn| Ok(diesel::sql_query(sql).execute(conn)?))
    }

    /// What a statement counts.
    pub fn count(&self, sql: &str) -> i64 {
        let sql = format!("({sql})");
        self.shop
            .organization
            .write(|conn| Ok(diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(&sql)).get_result(conn)?))
    }

    /// Lets waiting deliveries be due.
    pub fn hurry(&self) {
        self.execute("UPDATE webhook_delivery SET due_at = now() WHERE status = 'pending' AND claim IS NULL");
    }
}

/// A dispatcher under way, until it is dropped.
pub struct Sending {
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Sending {
    /// With the system's resolver.
    pub fn start(url: &str, settings: &str) -> Sending {
        Sending::with(url, settings, system())
    }

    pub fn with(url: &str, settings: &str, lookup: Lookup) -> Sending {
        let config = config(settings);
        let db = Db::connect(url, &config.database, config.connections_beside()).unwrap();
        let app = Arc::new(App::new(config, db, ServerKey::parse(KEY).unwrap()).unwrap());
        let stop = Stop::default();
        let own = stop.clone();
        let thread = std::thread::spawn(move || dispatcher::run_with(&app, &own, lookup).unwrap());
        Sending { stop, thread: Some(thread) }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.stop.stop();
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

/// A resolver. `script`: what a name leads to, and how often it was asked for before.
pub fn names(script: impl Fn(&str, usize) -> std::io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Lookup {
    let asked = AtomicUsize::new(0);
    Arc::new(move |name| {
        let answer = script(&name, asked.fetch_add(1, Ordering::SeqCst));
        Box::pin(async move { answer })
    })
}

/// Addresses, as text.
pub fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}
