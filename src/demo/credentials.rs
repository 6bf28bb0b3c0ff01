//! The passwords of the demonstration: those of the environment, else generated and kept in the data folder.

use std::io;

use crate::auth::secret::random_text;
use crate::config::{Config, Secret};
use crate::startup::data_folder::DataFolder;

/// What the demonstration's user and clients log in with.
pub struct Credentials {
    /// Of the user `admin`.
    pub admin_password: Secret,
    /// Of the customer user [`crate::auth::demo::BUYER`].
    pub buyer_password: Secret,
    /// Of the clients `demo-erp`, `demo-shop`, `demo-password` and `demo-storefront`.
    pub client_secret: Secret,
}

impl Credentials {
    /// Takes the settings' passwords; generates what they lack at the first start.
    pub fn load(config: &Config) -> io::Result<Credentials> {
        let kept = |name| DataFolder::open(config)?.secret(name, || random_text().map_err(io::Error::other));
        Ok(Credentials {
            admin_password: config.demo.admin_password.clone().map_or_else(|| kept("demo-admin-password"), Ok)?,
            buyer_password: config.demo.buyer_password.clone().map_or_else(|| kept("demo-buyer-password"), Ok)?,
            client_secret: config.demo.client_secret.clone().map_or_else(|| kept("demo-client-secret"), Ok)?,
        })
    }

    /// Why the demonstration may not be served there; generated passwords are for this machine alone.
    pub fn check_listen(config: &Config) -> Result<(), String> {
        let demo = &config.demo;
        let secrets = [&demo.admin_password, &demo.buyer_password, &demo.client_secret];
        if secrets.into_iter().all(Option::is_some) {
            return Ok(());
        }
        let tls = config.http.tls.as_ref().map(|tls| ("http.tls.listen", tls.listen));
        let listen = config.http.listen.map(|address| ("http.listen", address));
        match listen.into_iter().chain(tls).find(|(_, address)| !address.ip().is_loopback()) {
            None => Ok(()),
            Some((key, address)) => Err(format!(
                "{key} is {address}, which others can reach: with --demo, set ENTREPOT_ADMIN_PASSWORD, \
                 ENTREPOT_BUYER_PASSWORD and ENTREPOT_DEMO_SECRET, or listen on 127.0.0.1.",
            )),
        }
    }
}
