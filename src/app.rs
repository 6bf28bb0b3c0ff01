//! The one shared state of the process: settings, database, the two APIs.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Semaphore;

use chrono::Utc;

use crate::acl::Caller;
use crate::auth::secret::ServerKey;
use crate::auth::{AccessError, Api, Auth};
use crate::config::Config;
use crate::db::Db;
use crate::engine::external;
use crate::engine::registry::Registry;
use crate::engine::resource::Resource;
use crate::engine::write::{Context, SEALED, Server};
use crate::error::Error;
use crate::feed::heads::Heads;
use crate::http::connection::Connections;
use crate::http::docs::Documents;
use crate::http::metrics::Metrics;
use crate::http::rate::Rates;
use crate::queue;
use crate::webhooks::capture::Capture;
use crate::webhooks::destination;
use crate::{jobs, resources, storefront};

/// Everything a request needs. Shared by all workers as `web::Data<App>`.
pub struct App {
    pub config: Config,
    pub db: Db,
    /// Tokens out, callers in.
    pub auth: Arc<Auth>,
    /// The back office's API.
    pub admin: Arc<Registry>,
    /// The same with external ids.
    pub external: Arc<Registry>,
    /// The storefront's API.
    pub storefront: Arc<Registry>,
    /// The same with products that go by their SKU.
    pub storefront_by_sku: Arc<Registry>,
    /// The configuration's switches that are on, for the rules of resources.
    pub switches: BTreeSet<&'static str>,
    /// What workers can run.
    pub jobs: queue::Registry,
    /// What the queue enqueues by itself.
    pub recurring: &'static [queue::Recurring],
    pub gauges: queue::metrics::Gauges,
    /// Notes changes for webhooks.
    pub capture: Capture,
    /// How much each client has left to send.
    pub rates: Rates,
    pub metrics: Metrics,
    /// Whoever waits for changes.
    pub heads: Heads,
    /// How many of those who were woken read at the same time: half of the connections are left to others.
    pub readers: Semaphore,
    pub connections: Arc<Connections>,
    /// The API documents, as they are sent.
    pub documents: Documents,
}

impl App {
    /// The resources of an API.
    pub fn registry(&self, api: Api) -> &Registry {
        match api {
            Api::Admin => &self.admin,
            Api::Storefront => &self.storefront,
        }
    }

    /// What a write by the caller needs to know, from this moment on.
    pub fn write_context<'a>(&'a self, caller: &'a Caller) -> Context<'a> {
        let (switches, passwords) = (&self.switches, &self.auth.passwords);
        Context { caller, now: Utc::now(), switches, passwords, server: self, observer: &self.capture }
    }

    /// Fails when the signing keys in the database are encrypted under another key than `key`, and when the settings
    /// name an external id that is none.
    pub fn new(config: Config, db: Db, key: ServerKey) -> Result<App, AccessError> {
        let auth = Arc::new(Auth::new(key, config.auth, config.api)?);
        auth.prepare(&db)?;
        let external = external::resources(resources::ALL, &config.external_ids, external::DB_ID)
            .map_err(|problems| AccessError::Refused(format!("api.ext_id_resources: {}", problems.join(" "))))?;
        let by_sku = storefront::by_sku().map_err(|problems| AccessError::Refused(problems.join(" ")))?;
        let shop = |resources| Registry::new("storefront", config.http.storefront_root.as_str(), resources);
        let admin = |resources| Registry::new("admin", config.http.admin_root.as_str(), resources).with_batches();
        Ok(App {
            admin: Arc::new(admin(resources::ALL).with_changes()),
            external: Arc::new(admin(external)),
            storefront: Arc::new(shop(storefront::ALL)),
            storefront_by_sku: Arc::new(shop(by_sku)),
            switches: config.switches(),
            jobs: queue::Registry::new(jobs::ALL),
            recurring: jobs::RECURRING,
            gauges: queue::metrics::Gauges::default(),
            capture: Capture::new(config.http.public_url.as_deref(), &config.http.admin_root),
            rates: Rates::new(&config.limits),
            metrics: Metrics::install(),
            heads: Heads::new(config.changes.waiters),
            readers: Semaphore::new((config.database.pool_size as usize).div_ceil(2)),
            connections: Connections::new(&config),
            documents: Documents::default(),
            config,
            db,
            auth,
        })
    }
}

impl Server for App {
    fn seal(&self, purpose: &str, clear: &str) -> Result<String, Error> {
        let key = &self.auth.server;
        Ok(format!("{SEALED}{}", key.seal_text(purpose, clear)?))
    }

    fn check_url(&self, url: &str) -> Result<(), String> {
        destination::parse(url, &self.config.webhooks).map(drop)
    }

    fn told_as(&self, resource: &'static Resource) -> &'static Resource {
        self.admin.get(resource.name).filter(|office| office.table == resource.table).unwrap_or(resource)
    }
}
