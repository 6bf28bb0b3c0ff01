//! An organization of the test's own, with an administrator and whoever else the test needs.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use entrepot::auth::clients::{self, Grant, NewClient};
use entrepot::auth::password::Cost;
use entrepot::auth::secret::ServerKey;
use entrepot::auth::users::{self, NewUser};
use entrepot::auth::{AccessError, Api};
use entrepot::commerce::organization::{ADMINISTRATOR, NewOrganization, create_organization, insert_role};
use entrepot::error::Error;
use entrepot::schema::business_unit;
use serde_json::{Value, json};

use super::client::Client;
use super::server::{KEY, TestServer};

/// The password of every user that has one.
pub const PASSWORD: &str = "correct horse battery staple";

/// A fresh organization, seen by its administrator.
pub struct Organization {
    pub server: &'static TestServer,
    /// The ids of its first records.
    pub first: NewOrganization,
    pub admin: User,
}

/// A user, and a client that acts as that user.
#[derive(Clone)]
pub struct User {
    pub id: i64,
    pub username: String,
    /// Requests with the user's token to the server: paths are whole (`/admin/api/products`).
    pub client: Client,
    pub client_id: String,
    pub client_secret: String,
}

impl Organization {
    /// An organization on the server that tests share.
    pub fn new() -> Organization {
        Organization::on(TestServer::shared())
    }

    pub fn on(server: &'static TestServer) -> Organization {
        let name = unique("Organization");
        let first = write(server, |conn| Ok(create_organization(conn, &name)?));
        let admin = add_user(server, first.id, first.business_unit, &[ADMINISTRATOR], Api::Admin);
        Organization { server, first, admin }
    }

    pub fn id(&self) -> i64 {
        self.first.id
    }

    /// The administrator's client.
    pub fn client(&self) -> &Client {
        &self.admin.client
    }

    /// A role with those permissions, `{"products": {"VIEW": "organization"}}`; the answer is its name.
    pub fn role(&self, permissions: &Value) -> String {
        let name = unique("ROLE");
        write(self.server, |conn| Ok(insert_role(conn, self.first.id, &name, &name, permissions.clone())?));
        name
    }

    /// A business unit below `parent`.
    pub fn unit(&self, parent: Option<i64>) -> i64 {
        let values = (
            business_unit::organization_id.eq(self.first.id),
            business_unit::name.eq(unique("Unit")),
            business_unit::owner_id.eq(parent),
        );
        let insert = |conn: &mut PgConnection| {
            Ok(diesel::insert_into(business_unit::table)
                .values(&values)
                .returning(business_unit::id)
                .get_result(conn)?)
        };
        write(self.server, insert)
    }

    /// A user of the unit with the roles of those names.
    pub fn user(&self, unit: i64, roles: &[&str]) -> User {
        add_user(self.server, self.first.id, unit, roles, Api::Admin)
    }

    /// A user of the first unit who may do exactly that.
    pub fn user_who_may(&self, permissions: &Value) -> User {
        self.user(self.first.business_unit, &[&self.role(permissions)])
    }

    /// A user whose client belongs to the storefront's API.
    pub fn storefront_user(&self) -> User {
        add_user(self.server, self.first.id, self.first.business_unit, &[ADMINISTRATOR], Api::Storefront)
    }

    /// Work on the database in a transaction, for what the API does not do.
    pub fn write<T>(&self, work: impl FnMut(&mut PgConnection) -> Result<T, AccessError>) -> T {
        write(self.server, work)
    }
}

/// A name that no other test uses.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{what}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// An access token by the client credentials grant.
pub fn token(server: &TestServer, client_id: &str, client_secret: &str) -> String {
    let body = json!({
        "grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret,
    });
    let answer = server.client().send(reqwest::Method::POST, "/oauth2-token", |request| request.json(&body));
    answer.expect(200).json()["access_token"].as_str().unwrap().to_owned()
}

fn add_user(server: &'static TestServer, organization: i64, unit: i64, roles: &[&str], api: Api) -> User {
    let username = unique("user").to_lowercase();
    let email = format!("{username}@example.org");
    let key = ServerKey::parse(KEY).unwrap();
    let user = NewUser {
        username: &username,
        email: &email,
        first_name: "Test",
        last_name: "User",
        password: Some(PASSWORD),
        roles,
    };
    let (id, made) = write(server, |conn| {
        let cost = Cost { memory_kib: 64, iterations: 1 };
        let id = users::create(conn, cost, organization, unit, &user)?;
        let client = NewClient {
            id: None,
            name: &username,
            organization,
            grant: Grant::ClientCredentials,
            api,
            owner: Some(id),
            secret: None,
            public: false,
            networks: Default::default(),
        };
        Ok((id, clients::create(conn, &key, &client)?))
    });
    let (client_id, client_secret) = (made.id, made.secret.unwrap());
    let client = server.client().with_token(&token(server, &client_id, &client_secret));
    User { id, username, client, client_id, client_secret }
}

fn write<T>(server: &TestServer, mut work: impl FnMut(&mut PgConnection) -> Result<T, AccessError>) -> T {
    server.db.transaction_now::<_, Error>(|conn| work(conn).map_err(Error::from)).unwrap()
}
