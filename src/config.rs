//! Settings: defaults, then a TOML file, then `ENTREPOT_*` variables.
//!
//! Input: a file's text and the environment. Output: a [`Config`], or every sentence that says which key is wrong and
//! what it may be. Each key stands once, in the sub-struct of its concern, with its default and what is allowed;
//! the variable of `http.public_url` is `ENTREPOT_HTTP_PUBLIC_URL`. `config.example.toml` explains every key.

mod apis;
mod auth;
mod batch;
mod changes;
mod cors;
mod database;
mod external_ids;
mod http;
mod limits;
mod log;
mod networks;
mod queue;
mod secret;
mod source;
mod webhooks;

use std::fmt;
use std::path::{Path, PathBuf};

pub use apis::Apis;
pub use auth::Auth;
pub use batch::Batch;
pub use changes::{Changes, Waiters};
pub use cors::{Cors, CorsBlock};
pub use database::Database;
pub use http::{Http, Tls};
pub use limits::Limits;
pub use log::{Log, LogFormat};
pub use networks::{NetworkSettings, ProxyHeader};
pub use queue::Queue;
pub use secret::Secret;
pub use source::{Entry, Source};
pub use webhooks::Webhooks;

use crate::engine::external::ExternalId;

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    pub http: Http,
    pub database: Database,
    pub limits: Limits,
    pub batch: Batch,
    pub changes: Changes,
    pub auth: Auth,
    pub api: Apis,
    /// Which resources go by which field where a request has `X-Integration-Type: ext_id`.
    pub external_ids: Vec<ExternalId>,
    pub networks: NetworkSettings,
    pub cors: Cors,
    pub orders: Orders,
    pub storefront: Storefront,
    pub queue: Queue,
    pub webhooks: Webhooks,
    pub log: Log,
    pub demo: Demo,
    /// Where the private database and generated secrets lie.
    pub data_folder: Option<PathBuf>,
    /// The key that encrypts what the database must not show: 32 bytes in base64.
    pub secret_key: Option<Secret>,
    /// A file that holds that key.
    pub secret_key_file: Option<PathBuf>,
    entries: Vec<Entry>,
}

/// How orders behave.
#[derive(Clone, Copy, Debug)]
pub struct Orders {
    /// Whether `status` of an order is writable.
    pub external_status_management: bool,
}

/// How the storefront behaves.
#[derive(Clone, Debug)]
pub struct Storefront {
    /// ISO 4217: the currency of prices, where a request asks for none.
    pub currency: String,
}

/// Credentials of the demo data; generated when they are not set.
#[derive(Clone, Debug)]
pub struct Demo {
    pub admin_password: Option<Secret>,
    /// Of the customer user who buys in the storefront.
    pub buyer_password: Option<Secret>,
    pub client_secret: Option<Secret>,
}

/// Every sentence about what is wrong with the settings.
#[derive(Debug)]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads the file, if there is one, and the process environment.
    pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        let mut source = Source::default();
        if let Some(path) = file {
            match std::fs::read_to_string(path) {
                Ok(text) => source.file(&path.display().to_string(), &text),
                Err(error) => source.problem(format!("The settings file {} cannot be read: {error}.", path.display())),
            }
        }
        source.environment(std::env::vars());
        Config::from_source(source)
    }

    /// Takes every key out of what was given; what is left over is unknown.
    pub fn from_source(mut source: Source) -> Result<Config, ConfigError> {
        let config = Config::read(&mut source);
        let (entries, problems) = source.finish();
        if problems.is_empty() { Ok(Config { entries, ..config }) } else { Err(ConfigError(problems)) }
    }

    /// Every key with the value in force and where it comes from; secrets are masked.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many connections a serving process needs beside its requests: for its workers, the queue's keeper and its bell.
    pub fn connections_beside(&self) -> u32 {
        let broker = u32::from(self.queue.rabbitmq_url.is_some());
        if self.queue.workers > 0 { self.queue.workers as u32 + 2 + broker } else { 0 }
    }

    /// The names of the switches that are on, for the rules of resources.
    pub fn switches(&self) -> std::collections::BTreeSet<&'static str> {
        [("orders.external_status_management", self.orders.external_status_management)]
            .into_iter()
            .filter_map(|(name, on)| on.then_some(name))
            .collect()
    }

    /// What the demonstration has on where the settings say nothing.
    pub fn switch_on_for_demo(&mut self) {
        let unsaid = |key| self.entries.iter().any(|entry| entry.key == key && entry.origin == "default");
        let (status, visitors) = (unsaid("orders.external_status_management"), unsaid("api.storefront.visitors"));
        self.orders.external_status_management |= status;
        self.api.visitors |= visitors;
    }

    fn read(source: &mut Source) -> Config {
        Config {
            data_folder: source.path("data_folder"),
            secret_key: source.secret("secret_key"),
            secret_key_file: source.path("secret_key_file"),
            http: Http::read(source),
            database: Database::read(source),
            limits: Limits::read(source),
            batch: Batch::read(source),
            changes: Changes::read(source),
            auth: Auth::read(source),
            api: Apis::read(source),
            external_ids: external_ids::read(source),
            networks: NetworkSettings::read(source),
            cors: Cors::read(source),
            storefront: Storefront {
                currency: source.text(
                    "storefront.currency",
                    "USD",
                    "three capital letters, such as \"USD\"",
                    is_currency,
                ),
            },
            orders: Orders { external_status_management: source.flag("orders.external_status_management", false) },
            queue: Queue::read(source),
            webhooks: Webhooks::read(source),
            log: Log::read(source),
            demo: Demo {
                admin_password: source.secret("admin_password"),
                buyer_password: source.secret("buyer_password"),
                client_secret: source.secret("demo_secret"),
            },
            entries: Vec::new(),
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        let mut source = Source::default();
        let config = Config::read(&mut source);
        let (entries, _) = source.finish();
        Config { entries, ..config }
    }
}

/// The settings file that is read when none is named: `entrepot.toml` in the working folder.
pub fn default_file() -> Option<PathBuf> {
    let path = PathBuf::from("entrepot.toml");
    path.exists().then_some(path)
}

/// Every key as a line of TOML, with its origin; keys that are not set are commented out.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Entry { key, value, origin } in &self.entries {
            match value {
                Some(value) => writeln!(f, "{key} = {value}  # {origin}")?,
                None => writeln!(f, "# {key} is not set")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
