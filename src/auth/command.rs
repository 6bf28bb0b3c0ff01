//! The operator's commands about clients, users and keys: their arguments, and the text that they print.

use std::path::PathBuf;

use chrono::Utc;
use clap::{Args, Subcommand};
use diesel::prelude::*;

use super::clients::{self, CodeSettings, Grant, NewClient};
use super::password::Cost;
use super::secret::{ServerKey, random_text};
use super::subject::Subject;
use super::users::{self, NewUser};
use super::{AccessError, Api, api_keys, customer_users, keys, wsse};
use crate::network::Networks;
use crate::schema::organization;

/// `client …`
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Make a client and print its secret, this once.
    Create(Box<CreateClient>),
    /// Print every client.
    List,
    /// Revoke a client and its tokens; effective within five seconds.
    Revoke {
        /// The client's identifier.
        id: String,
    },
}

/// `client create`
#[derive(Debug, Args)]
pub struct CreateClient {
    /// What the client is called in lists.
    #[arg(long)]
    name: String,
    /// The grant: client_credentials (acts as the user of --user, or --customer-user), password (acts as who logs in) or
    /// authorization_code (acts as who logs in on this server's own page and agrees).
    #[arg(long, default_value = "client_credentials", value_parser = ["client_credentials", "password", "authorization_code"])]
    grant: String,
    /// The user to act as; its organization is the client's.
    #[arg(long)]
    user: Option<String>,
    /// With --api storefront: the e-mail address of the customer user to act as.
    #[arg(long, conflicts_with = "user")]
    customer_user: Option<String>,
    /// The organization, where there are several and no --user tells it.
    #[arg(long)]
    organization: Option<String>,
    /// The API that its tokens are good for.
    #[arg(long, default_value = "admin", value_parser = ["admin", "storefront"])]
    api: String,
    /// The identifier, at most 32 characters; drawn when it is left out.
    #[arg(long)]
    id: Option<String>,
    /// A file that holds the secret, at least 32 characters; generated when it is left out.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A client that cannot keep a secret, and has none.
    #[arg(long, conflicts_with = "secret_file")]
    public: bool,
    /// With authorization_code: a URI that users may be sent back to, compared character by character; may be given several
    /// times. Of http://127.0.0.1/… and http://[::1]/… of a public client the port is free.
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// With authorization_code: take the PKCE method plain beside S256.
    #[arg(long)]
    allow_plain_pkce: bool,
    /// With authorization_code: do not ask users whether they agree.
    #[arg(long)]
    skip_consent: bool,
    /// A network that it may call from, such as 192.0.2.0/24; may be given several times. Left out: from anywhere.
    #[arg(long, value_name = "CIDR")]
    allow: Vec<String>,
}

/// `user …`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user, and its organization if there is none of that name yet.
    Create(CreateUser),
}

/// `user create`
#[derive(Debug, Args)]
pub struct CreateUser {
    /// The name to log in with; unique over all organizations.
    username: String,
    #[arg(long)]
    email: String,
    #[arg(long, default_value = "")]
    first_name: String,
    #[arg(long, default_value = "")]
    last_name: String,
    /// The organization; made, with a business unit and the role Administrator, if there is none of that name.
    #[arg(long)]
    organization: String,
    /// A role's name; may be given several times.
    #[arg(long, default_value = "ROLE_ADMINISTRATOR")]
    role: Vec<String>,
    /// A file that holds the password; generated and printed when it is left out.
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    password_file: Option<PathBuf>,
    /// A user that only clients act as, and nobody logs in as.
    #[arg(long)]
    no_password: bool,
}

/// `apikey …`
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Make a key for a user and print it, this once.
    Create {
        /// The user's name.
        username: String,
    },
    /// Print every key's id, user and state.
    List,
    /// Revoke a key; effective at once.
    Revoke {
        /// The key's id.
        id: i64,
    },
}

/// `wsse …`
#[derive(Debug, Subcommand)]
pub enum WsseCommand {
    /// Print both headers for a user and a key, to be sent once and soon.
    Header {
        /// The user's name.
        username: String,
        /// A file that holds the API key; `-` is the standard input.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
}

/// `keys …`
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Sign tokens with a new key from now on. Tokens signed with the old one stay good until they expire.
    Rotate,
}

/// Carries out `client …`; the answer is the text to print.
pub fn client(conn: &mut PgConnection, server: &ServerKey, command: &ClientCommand) -> Result<String, AccessError> {
    match command {
        ClientCommand::Create(arguments) => create_client(conn, server, arguments),
        ClientCommand::List => {
            let line = |row: clients::ClientRow| {
                let state = if row.active { "active" } else { "revoked" };
                let kind = if row.confidential { "" } else { ", public" };
                let owner = row.owner.or(row.buyer).map(|owner| format!(", acts as {owner}")).unwrap_or_default();
                let grants = row.grants.join("+");
                let from =
                    if row.networks.is_empty() { String::new() } else { format!(", from {}", row.networks.join(" ")) };
                let back = match row.redirect_uris.as_slice() {
                    [] => String::new(),
                    uris => format!(", back to {}", uris.join(" ")),
                };
                format!(
                    "{}\t{}\t{}\t{} API, {grants}{owner}{kind}{back}{from}\t{state}\n",
                    row.id, row.name, row.organization, row.api
                )
            };
            Ok(clients::list(conn)?.into_iter().map(line).collect())
        }
        ClientCommand::Revoke { id } => {
            clients::revoke(conn, id)?;
            Ok(format!("The client {id} is revoked.\n"))
        }
    }
}

fn create_client(conn: &mut PgConnection, server: &ServerKey, asked: &CreateClient) -> Result<String, AccessError> {
    let no_user = |name: &str| AccessError::refused(format!("there is no user \"{name}\""));
    let no_buyer = |email: &str| AccessError::refused(format!("there is no customer user \"{email}\""));
    let user = match &asked.user {
        Some(name) => Some(users::find(conn, name)?.ok_or_else(|| no_user(name))?),
        None => None,
    };
    let organization = match user {
        Some((_, organization)) => organization,
        None => find_organization(conn, asked.organization.as_deref())?,
    };
    let owner = match (&asked.customer_user, user) {
        (Some(email), _) => {
            let found = customer_users::login(conn, organization, email)?;
            Some(found.ok_or_else(|| no_buyer(email))?.subject)
        }
        (None, user) => user.map(|(user, _)| Subject::User(user)),
    };
    let secret = asked.secret_file.as_ref().map(read_secret).transpose()?;
    let client = NewClient {
        id: asked.id.as_deref(),
        name: &asked.name,
        organization,
        grant: Grant::parse(&asked.grant).unwrap_or(Grant::ClientCredentials),
        api: Api::parse(&asked.api).unwrap_or(Api::Admin),
        owner,
        secret: secret.as_deref(),
        public: asked.public,
        networks: Networks::read(asked.allow.iter().map(String::as_str))
            .map_err(|error| AccessError::refused(error.to_string()))?,
    };
    let code = CodeSettings {
        redirect_uris: asked.redirect_uri.iter().map(String::as_str).collect(),
        plain_pkce: asked.allow_plain_pkce,
        skip_consent: asked.skip_consent,
    };
    let made = clients::create_with(conn, server, &client, &code)?;
    let secret = match made.secret {
        Some(_) if asked.secret_file.is_some() => "client_secret: as in the file\n".to_owned(),
        Some(secret) => format!("client_secret: {secret}\n"),
        None => String::new(),
    };
    Ok(format!("client_id: {}\n{secret}", made.id))
}

fn find_organization(conn: &mut PgConnection, name: Option<&str>) -> Result<i64, AccessError> {
    let all: Vec<(i64, String)> =
        organization::table.order(organization::name).select((organization::id, organization::name)).load(conn)?;
    let fits = |own: &&(i64, String)| name.is_none_or(|name| own.1 == name);
    let mut found = all.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some((id, _)), None) => Ok(*id),
        _ => {
            let names: Vec<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
            Err(AccessError::refused(format!("name one organization with --organization: {}", names.join(", "))))
        }
    }
}

/// Carries out `user …`; the answer is the text to print.
pub fn user(conn: &mut PgConnection, cost: Cost, command: &UserCommand) -> Result<String, AccessError> {
    let UserCommand::Create(asked) = command;
    let given = asked.password_file.as_ref().map(read_secret).transpose()?;
    let generated = (given.is_none() && !asked.no_password).then(random_text).transpose()?;
    let home = users::ensure_organization(conn, &asked.organization)?;
    let roles: Vec<&str> = asked.role.iter().map(String::as_str).collect();
    let user = NewUser {
        username: &asked.username,
        email: &asked.email,
        first_name: if asked.first_name.is_empty() { &asked.username } else { &asked.first_name },
        last_name: if asked.last_name.is_empty() { &asked.username } else { &asked.last_name },
        password: given.as_deref().or(generated.as_deref()),
        roles: &roles,
    };
    let id = users::create(conn, cost, home.organization, home.business_unit, &user)?;
    let password = generated.map(|password| format!("password: {password}\n")).unwrap_or_default();
    Ok(format!("The user {} has the id {id}.\n{password}", asked.username))
}

/// Carries out `keys …`; the answer is the text to print.
pub fn keys(conn: &mut PgConnection, server: &ServerKey, command: &KeysCommand) -> Result<String, AccessError> {
    let KeysCommand::Rotate = command;
    let kid = keys::rotate(conn, server)?;
    Ok(format!("Tokens are signed with the key {kid} from now on; running servers follow within half a minute.\n"))
}

/// Carries out `apikey …`; the answer is the text to print.
pub fn api_key(conn: &mut PgConnection, server: &ServerKey, command: &ApiKeyCommand) -> Result<String, AccessError> {
    match command {
        ApiKeyCommand::Create { username } => {
            let found = users::find(conn, username)?;
            let (user, organization) =
                found.ok_or_else(|| AccessError::refused(format!("there is no user \"{username}\"")))?;
            let (id, key) = api_keys::create(conn, server, organization, user)?;
            Ok(format!("id: {id}\napi_key: {key}\n"))
        }
        ApiKeyCommand::List => {
            let line = |row: api_keys::KeyRow| {
                let state = if row.revoked_at.is_none() { "active" } else { "revoked" };
                let made = row.created_at.format("%Y-%m-%d");
                format!("{}\t{}\t{}\tmade {made}\t{state}\n", row.id, row.username, row.organization)
            };
            Ok(api_keys::list(conn)?.into_iter().map(line).collect())
        }
        ApiKeyCommand::Revoke { id } => {
            api_keys::revoke(conn, *id)?;
            Ok(format!("The key {id} is revoked.\n"))
        }
    }
}

/// Carries out `wsse …`; the answer is the text to print.
pub fn wsse(command: &WsseCommand) -> Result<String, AccessError> {
    let WsseCommand::Header { username, key_file } = command;
    let key = if key_file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())
            .map_err(|error| AccessError::refused(format!("the standard input cannot be read: {error}")))?
    } else {
        read_secret(key_file)?
    };
    wsse::headers(username, key.trim_end_matches(['\r', '\n']), Utc::now())
}

fn read_secret(path: &PathBuf) -> Result<String, AccessError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| AccessError::refused(format!("{} cannot be read: {error}", path.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
