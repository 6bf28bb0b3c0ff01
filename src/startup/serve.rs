//! The command `serve`, from settings to the last answered request.

use std::error::Error;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::place::{self, Place};
use super::{Server, Signals, log, say, welcome};
use crate::app::App;
use crate::auth::secret::ServerKey;
use crate::auth::{self, Api, demo::BUYER, demo::DemoSecrets, redirect};
use crate::config::Config;
use crate::db::Db;
use crate::demo;
use crate::demo::credentials::Credentials;
use crate::error::Errors;

type Failure = Box<dyn Error + Send + Sync>;

/// Runs until Ctrl-C or SIGTERM. With `demo`, the demonstration is loaded first and its credentials are shown.
pub fn serve(config: Config, demo: bool) -> Result<(), Failure> {
    log::install(&config.log);
    use_small_pages();
    raise_file_limit();
    actix_web::rt::System::new().block_on(async move {
        // Caught before there is a database to be stopped; what follows blocks, and nothing else waits.
        let signals = Signals::catch()?;
        let (app, _place, credentials) = prepare(&config, demo)?;
        let config = app.config.clone();
        let server = Server::build(app)?;
        for (address, scheme) in server.addresses() {
            tracing::info!(%address, scheme, "serving");
        }
        if let Some(credentials) = credentials {
            say(&welcome::text(&config, server.addresses(), &credentials));
        }
        server.run_until(signals).await?;
        Ok(())
    })
}

/// The allocator asks for huge pages, which hold three times the memory that answers under way need, and are cleared
/// again and again: without them the server is smaller and faster.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        tracing::debug!(%error, "huge pages stay on");
    }
}

/// A connection takes two files, and shells allow a process a thousand.
pub(super) fn raise_file_limit() {
    let raised =
        getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// Everything before the port is bound.
fn prepare(config: &Config, demo: bool) -> Result<(App, Place, Option<Credentials>), Failure> {
    let mut config = config.clone();
    if demo {
        Credentials::check_listen(&config)?;
        config.switch_on_for_demo();
    } else if place::configured_key(&config)?.is_none() {
        place::no_key()?;
    }
    let place = Place::open(&config)?;
    if place.is_taken() {
        return Err("Another entrepot serves from this data folder: name another by data_folder.".into());
    }
    if demo || place.is_private() {
        place.migrate()?;
    } else {
        place.check_migrated()?;
    }
    let db = place.connect(&config)?;
    let (key, credentials) = if demo {
        let key = place.key_or_new(&config)?;
        let credentials = Credentials::load(&config)?;
        load(&db, &config, &key, &credentials)?;
        (key, Some(credentials))
    } else {
        (place.key(&config)?, None)
    };
    Ok((App::new(config, db, key)?, place, credentials))
}

/// The command `demo load`: the demonstration's users, clients and records, without serving.
pub fn load_demo(config: &Config) -> Result<(), Failure> {
    let place = Place::open(config)?;
    place.migrate()?;
    let credentials = Credentials::load(config)?;
    load(&place.connect(config)?, config, &place.key_or_new(config)?, &credentials)?;
    say(&format!(
        "The demonstration is loaded. User admin, password {}.\nCustomer user {BUYER}, password {}.\n\
         Clients demo-erp, demo-shop, demo-password and demo-storefront, secret {};\n\
         demo-app and demo-storefront-app have none.\n",
        credentials.admin_password.reveal(),
        credentials.buyer_password.reveal(),
        credentials.client_secret.reveal()
    ));
    Ok(())
}

fn load(db: &Db, config: &Config, key: &ServerKey, credentials: &Credentials) -> Result<(), Errors> {
    let secrets = DemoSecrets {
        admin_password: credentials.admin_password.reveal(),
        buyer_password: credentials.buyer_password.reveal(),
        client_secret: credentials.client_secret.reveal(),
    };
    db.transaction_now(|conn| demo::load(conn, key, auth::cost(&config.auth), secrets, |api| pages(config, api)))
}

/// Where an API document's page is sent back to after a login. At 127.0.0.1 the port is free.
fn pages(config: &Config, api: Api) -> Vec<String> {
    let http = &config.http;
    let root = match api {
        Api::Admin => &http.admin_root,
        Api::Storefront => &http.storefront_root,
    };
    let plain = http.listen.map(|listen| format!("http://localhost:{}", listen.port()));
    let secure = http.tls.as_ref().map(|tls| format!("https://localhost:{}", tls.listen.port()));
    let origins = [Some("http://127.0.0.1".to_owned()), plain, secure, http.public_url.clone()];
    let pages = origins.into_iter().flatten().map(|origin| format!("{origin}{root}/doc/oauth2-redirect.html"));
    // A public URL may be one of plain HTTP, on a network of its own.
    pages.filter(|page| redirect::check(page, true).is_ok()).collect()
}
