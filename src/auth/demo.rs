//! Who may log in to the demonstration: a user, a customer user, six clients, and the roles they act with.
//!
//! Every call leaves the same state, whatever it finds: the secrets given are the ones that work afterwards.

use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::account::set_password;
use super::clients::{self, CodeSettings, Grant, NewClient};
use super::password::Cost;
use super::secret::ServerKey;
use super::subject::Subject;
use super::users::{self, NewUser};
use super::{AccessError, Api, customer_users, password};
use crate::commerce::organization::{ADMINISTRATOR, insert_role};
use crate::schema::{app_user, oauth_client, user_role};

/// The secrets of the demonstration.
#[derive(Clone, Copy)]
pub struct DemoSecrets<'a> {
    /// The password of the user `admin`.
    pub admin_password: &'a str,
    /// The password of the customer user [`BUYER`].
    pub buyer_password: &'a str,
    /// The secret of the clients; at least 32 characters.
    pub client_secret: &'a str,
}

/// Where the demonstration's data belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoAccess {
    pub organization: i64,
    pub business_unit: i64,
    /// The user `admin`.
    pub admin: i64,
}

/// The organization of the demonstration.
pub const ORGANIZATION: &str = "Demo";
/// The e-mail address of the customer user who buys in the demonstration's storefront.
pub const BUYER: &str = "amanda@atlas.example";
const ERP: &str = "ROLE_ERP";
const SHOP: &str = "ROLE_SHOP";

/// Makes sure that the user `admin` and the clients `demo-erp`, `demo-shop`, `demo-password` and `demo-storefront` exist
/// and have these secrets. To be called in a transaction.
pub fn ensure_demo_access(
    conn: &mut PgConnection,
    server: &ServerKey,
    cost: Cost,
    secrets: DemoSecrets<'_>,
) -> Result<DemoAccess, AccessError> {
    let home = users::ensure_organization(conn, ORGANIZATION)?;
    let organization = home.organization;
    ensure_role(conn, organization, ERP, "ERP", erp_permissions())?;
    ensure_role(conn, organization, SHOP, "Shop", shop_permissions())?;
    let ensure = |conn: &mut PgConnection, name: &str, first: &str, last: &str, secret, role| {
        let email = format!("{name}@example.org");
        let user = NewUser {
            username: name,
            email: &email,
            first_name: first,
            last_name: last,
            password: secret,
            roles: &[role],
        };
        match users::find(conn, name)? {
            Some((id, its)) if its == organization => Ok(id),
            Some(_) => Err(AccessError::refused(format!(
                "the user \"{name}\" exists in another organization; the demonstration needs a database of its own"
            ))),
            None => users::create(conn, cost, organization, home.business_unit, &user),
        }
    };
    let admin = ensure(conn, "admin", "Ada", "Admin", Some(secrets.admin_password), ADMINISTRATOR)?;
    let erp = ensure(conn, "erp", "Demo", "ERP", None, ERP)?;
    let shop = ensure(conn, "shop", "Demo", "Shop", None, SHOP)?;
    ensure_password(conn, cost, organization, admin, secrets.admin_password)?;
    let client = |id, name, grant, owner: Option<i64>| NewClient {
        id: Some(id),
        name,
        organization,
        grant,
        api: Api::Admin,
        owner: owner.map(Subject::User),
        secret: Some(secrets.client_secret),
        public: false,
        networks: Default::default(),
    };
    ensure_client(conn, server, client("demo-erp", "Demo ERP", Grant::ClientCredentials, Some(erp)))?;
    ensure_client(conn, server, client("demo-shop", "Demo shop", Grant::ClientCredentials, Some(shop)))?;
    ensure_client(conn, server, client("demo-password", "Demo password login", Grant::Password, None))?;
    let storefront = client("demo-storefront", "Demo storefront", Grant::Password, None);
    ensure_client(conn, server, NewClient { api: Api::Storefront, ..storefront })?;
    Ok(DemoAccess { organization, business_unit: home.business_unit, admin })
}

/// Gives the customer user [`BUYER`] the password, where the demonstration's records are loaded.
pub fn ensure_buyer(
    conn: &mut PgConnection,
    cost: Cost,
    organization: i64,
    secrets: DemoSecrets<'_>,
) -> Result<(), AccessError> {
    let Some(buyer) = customer_users::login(conn, organization, BUYER)? else { return Ok(()) };
    let known = buyer.password_hash.is_some_and(|stored| password::matches(secrets.buyer_password, &stored));
    if known {
        return Ok(());
    }
    set_password(conn, cost, organization, buyer.subject, secrets.buyer_password)
}

fn ensure_role(
    conn: &mut PgConnection,
    organization: i64,
    role: &str,
    label: &str,
    permissions: Value,
) -> Result<(), AccessError> {
    let known = user_role::table
        .filter(user_role::organization_id.eq(organization).and(user_role::role.eq(role)))
        .select(user_role::id)
        .first::<i64>(conn)
        .optional()?;
    // A role that has been edited stays as it is.
    if known.is_none() {
        insert_role(conn, organization, role, label, permissions)?;
    }
    Ok(())
}

fn ensure_password(
    conn: &mut PgConnection,
    cost: Cost,
    organization: i64,
    user: i64,
    text: &str,
) -> Result<(), AccessError> {
    let stored: Option<String> =
        app_user::table.find((organization, user)).select(app_user::password_hash).first(conn)?;
    if stored.is_some_and(|stored| password::matches(text, &stored)) {
        return Ok(());
    }
    set_password(conn, cost, organization, Subject::User(user), text)
}

fn ensure_client(conn: &mut PgConnection, server: &ServerKey, client: NewClient<'_>) -> Result<(), AccessError> {
    let (Some(id), Some(secret)) = (client.id, client.secret) else { return Ok(()) };
    let known: Option<i64> =
        oauth_client::table.find(id).select(oauth_client::organization_id).first(conn).optional()?;
    match known {
        None => clients::create(conn, server, &client).map(drop),
        Some(organization) if organization == client.organization => {
            if secret.chars().count() < clients::SHORTEST_SECRET {
                return Err(AccessError::refused(format!(
                    "the demonstration's secret must have at least {} characters",
                    clients::SHORTEST_SECRET
                )));
            }
            diesel::update(oauth_client::table.find(id))
                .set(oauth_client::secret_hash.eq(clients::hash(server, id, secret)))
                .execute(conn)?;
            Ok(())
        }
        Some(_) => Err(AccessError::refused(format!("the client \"{id}\" exists in another organization"))),
    }
}

/// A program on the user's own machine, at any port: `http://127.0.0.1:…/callback`.
const CALLBACKS: [&str; 2] = ["http://127.0.0.1/callback", "http://[::1]/callback"];

/// Makes sure that the public clients exist with which people log in on the server's own page: `demo-app` for the back
/// office, `demo-storefront-app` for the storefront. `pages`: where they may send people back to, beside programs of
/// their own machine.
pub fn ensure_demo_apps(
    conn: &mut PgConnection,
    server: &ServerKey,
    organization: i64,
    pages: impl Fn(Api) -> Vec<String>,
) -> Result<(), AccessError> {
    let apps = [(Api::Admin, "demo-app", "Demo app"), (Api::Storefront, "demo-storefront-app", "Demo storefront app")];
    for (api, id, name) in apps {
        let client = NewClient {
            id: Some(id),
            name,
            organization,
            grant: Grant::AuthorizationCode,
            api,
            owner: None,
            secret: None,
            public: true,
            networks: Default::default(),
        };
        ensure_app(conn, server, &client, &pages(api))?;
    }
    Ok(())
}

fn ensure_app(
    conn: &mut PgConnection,
    server: &ServerKey,
    client: &NewClient<'_>,
    pages: &[String],
) -> Result<(), AccessError> {
    let id = client.id.unwrap_or_default();
    let redirect_uris: Vec<&str> = CALLBACKS.into_iter().chain(pages.iter().map(String::as_str)).collect();
    match oauth_client::table.find(id).select(oauth_client::organization_id).first::<i64>(conn).optional()? {
        None => {
            let code = CodeSettings { redirect_uris, ..CodeSettings::default() };
            clients::create_with(conn, server, client, &code).map(drop)
        }
        Some(its) if its == client.organization => {
            let own = diesel::update(oauth_client::table.find(id));
            own.set(oauth_client::redirect_uris.eq(redirect_uris)).execute(conn)?;
            Ok(())
        }
        Some(_) => Err(AccessError::refused(format!("the client \"{id}\" exists in another organization"))),
    }
}

const EVERYTHING: &[&str] = &["VIEW", "CREATE", "EDIT", "DELETE", "ASSIGN"];

fn at_organization(groups: &[(&[&str], &[&str])]) -> Value {
    let mut all = Map::new();
    for (types, permissions) in groups {
        let levels: Map<String, Value> =
            permissions.iter().map(|permission| ((*permission).to_owned(), json!("organization"))).collect();
        for name in *types {
            all.insert((*name).to_owned(), Value::Object(levels.clone()));
        }
    }
    Value::Object(all)
}

/// What an ERP needs: it owns catalogue, customers, prices and stock, and reads and answers orders. It has no access to
/// users and roles beyond naming the owner of a record.
fn erp_permissions() -> Value {
    at_organization(&[
        (
            &[
                "asyncoperations",
                "attachments",
                "brands",
                "categories",
                "comments",
                "customeraddresses",
                "customergroups",
                "customers",
                "customertaxcodes",
                "customerusers",
                "files",
                "inventorylevels",
                "localizedfallbackvalues",
                "notes",
                "entityfieldfallbackvalues",
                "ordershippingtrackings",
                "paymentterms",
                "pricelists",
                "productprices",
                "products",
                "producttaxcodes",
                "taxes",
                "taxjurisdictions",
                "taxrules",
            ],
            EVERYTHING,
        ),
        (&["taxsettings"], &["VIEW", "EDIT"]),
        (&["asyncoperations"], &["VIEW", "CREATE", "EDIT"]),
        (&["orders"], &["VIEW", "CREATE", "EDIT", "ASSIGN"]),
        (&["businessunits", "customeruserroles", "organizations"], &["VIEW"]),
    ])
}

/// What a shop needs: it reads the catalogue and hands over orders and the customers who place them.
fn shop_permissions() -> Value {
    at_organization(&[
        (
            &[
                "brands",
                "businessunits",
                "categories",
                "customergroups",
                "customeruserroles",
                "entityfieldfallbackvalues",
                "files",
                "inventorylevels",
                "localizedfallbackvalues",
                "organizations",
                "paymentterms",
                "pricelists",
                "productprices",
                "products",
            ],
            &["VIEW"],
        ),
        (&["customers", "customerusers", "orders"], &["VIEW", "CREATE", "EDIT"]),
    ])
}
