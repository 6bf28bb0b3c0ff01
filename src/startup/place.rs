//! Where a command works: the data folder, the database, the server's key.

use std::error::Error;
use std::io;

use diesel::connection::Connection;
use diesel::pg::PgConnection;

use super::data_folder::DataFolder;
use crate::auth::AccessError;
use crate::auth::secret::ServerKey;
use crate::config::{Config, Secret};
use crate::db::embedded::{Durability, Embedded};
use crate::db::{Db, migrate};

/// The name of the generated key in the data folder.
const KEY_FILE: &str = "secret.key";

/// A database to work on. Dropping it stops the private server, if this process runs it.
pub struct Place {
    url: Secret,
    private: Option<Embedded>,
}

impl Place {
    /// The database of `database.url`, else the private one of the data folder.
    pub fn open(config: &Config) -> Result<Place, Box<dyn Error + Send + Sync>> {
        match config.database.url.clone() {
            Some(url) => Ok(Place { url, private: None }),
            None => {
                let private = Embedded::open(DataFolder::open(config)?.path(), Durability::Durable)?;
                Ok(Place { url: Secret::new(private.url()), private: Some(private) })
            }
        }
    }

    /// Whether the database is the private one.
    pub fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// Whether another process serves from the private database.
    pub fn is_taken(&self) -> bool {
        self.private.as_ref().is_some_and(|private| !private.owns())
    }

    /// Runs the migrations that are due, and loads the reference data.
    pub fn migrate(&self) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
        migrate::migrate(self.url.reveal())
    }

    /// An error that says what to do, unless the database fits this version.
    pub fn check_migrated(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let pending = migrate::pending(&mut PgConnection::establish(self.url.reveal())?)?;
        match pending.len() {
            0 => Ok(()),
            lacking => {
                Err(format!("The database lacks {lacking} migrations of this version: run `entrepot migrate`.").into())
            }
        }
    }

    /// The pool of connections.
    pub fn connect(&self, config: &Config) -> Result<Db, Box<dyn Error + Send + Sync>> {
        Ok(Db::connect(self.url.reveal(), &config.database, config.connections_beside())?)
    }

    /// One connection, for a command.
    pub fn connection(&self) -> Result<PgConnection, Box<dyn Error + Send + Sync>> {
        Ok(PgConnection::establish(self.url.reveal())?)
    }

    /// The key of the settings, else the one that a demonstration left in the data folder.
    pub fn key(&self, config: &Config) -> Result<ServerKey, Box<dyn Error + Send + Sync>> {
        match configured_key(config)? {
            Some(key) => Ok(key),
            None => Ok(ServerKey::parse(DataFolder::open(config)?.secret(KEY_FILE, no_key)?.reveal())?),
        }
    }

    /// The key of the settings, else one that is generated and kept in the data folder.
    pub fn key_or_new(&self, config: &Config) -> Result<ServerKey, Box<dyn Error + Send + Sync>> {
        match configured_key(config)? {
            Some(key) => Ok(key),
            None => {
                let generate = || ServerKey::generate().map_err(io::Error::other);
                Ok(ServerKey::parse(DataFolder::open(config)?.secret(KEY_FILE, generate)?.reveal())?)
            }
        }
    }
}

/// The key that the settings give, if they do.
pub fn configured_key(config: &Config) -> Result<Option<ServerKey>, Box<dyn Error + Send + Sync>> {
    let text = match (&config.secret_key, &config.secret_key_file) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err("Set either secret_key or secret_key_file, not both.".into()),
        (Some(key), None) => key.reveal().to_owned(),
        (None, Some(path)) => std::fs::read_to_string(path)
            .map_err(|error| format!("secret_key_file {} cannot be read: {error}.", path.display()))?,
    };
    ServerKey::parse(&text).map(Some).map_err(|error: AccessError| format!("secret_key: {error}.").into())
}

/// The sentence of a command that needs a key and has none.
pub fn no_key() -> io::Result<String> {
    Err(io::Error::other(
        "There is no secret key. Set ENTREPOT_SECRET_KEY or ENTREPOT_SECRET_KEY_FILE to 32 random bytes in base64, as \
         `openssl rand -base64 32` prints them, and keep it: what is encrypted under it is lost without it.",
    ))
}
