//! The one shared state of the process: settings, database, the two APIs.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::auth::secret::ServerKey;
use crate::auth::{AccessError, Api, Auth};
use crate::config::Config;
use crate::db::Db;
use crate::engine::external;
use crate::engine::registry::Registry;
use crate::feed::heads::Heads;
use crate::http::connection::Connections;
use crate::http::docs::Documents;
use crate::http::metrics::Metrics;
use crate::http::rate::Rates;
use crate::queue;
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
    /// The configuration's switches that are on, for the rules of resources.
    pub switches: BTreeSet<&'static str>,
    /// What workers can run.
    pub jobs: queue::Registry,
    /// What the queue enqueues by itself.
    pub recurring: &'static [queue::Recurring],
    pub gauges: queue::metrics::Gauges,
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

    /// Fails when the signing keys in the database are encrypted under another key than `key`, and when the settings
    /// name an external id that is none.
    pub fn new(config: Config, db: Db, key: ServerKey) -> Result<App, AccessError> {
        let auth = Arc::new(Auth::new(key, config.auth, config.api)?);
        auth.prepare(&db)?;
        let external = external::resources(resources::ALL, &config.external_ids)
            .map_err(|problems| AccessError::Refused(format!("api.ext_id_resources: {}", problems.join(" "))))?;
        let admin = |resources| Registry::new("admin", config.http.admin_root.as_str(), resources);
        Ok(App {
            admin: Arc::new(admin(resources::ALL).with_changes()),
            external: Arc::new(admin(external)),
            storefront: Arc::new(Registry::new("storefront", config.http.storefront_root.as_str(), storefront::ALL)),
            switches: config.switches(),
            jobs: queue::Registry::new(jobs::ALL),
            recurring: jobs::RECURRING,
            gauges: queue::metrics::Gauges::default(),
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
