//! An organization of the test's own, with an administrator and whoever else the test needs.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use entrepot::auth::account::set_password;
use entrepot::auth::clients::{self, Grant, NewClient};
use entrepot::auth::password::Cost;
use entrepot::auth::secret::ServerKey;
use entrepot::auth::subject::Subject;
use entrepot::auth::users::{self, NewUser};
use entrepot::auth::{AccessError, Api};
use entrepot::commerce::organization::{ADMINISTRATOR, NewOrganization, create_organization, insert_role};
use entrepot::error::Error;
use entrepot::schema::business_unit;
use serde_json::{Value, json};

use super::client::Client;
use super::server::{KEY, TestServer};
use super::shop::{self, many, one};

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
        let admin = add_user(server, first.id, first.business_unit, &[ADMINISTRATOR]);
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
        add_user(self.server, self.first.id, unit, roles)
    }

    /// A user of the first unit who may do exactly that.
    pub fn user_who_may(&self, permissions: &Value) -> User {
        self.user(self.first.business_unit, &[&self.role(permissions)])
    }

    /// A customer user of a customer of its own, who may do in the storefront whatever can be permitted there.
    pub fn storefront_user(&self) -> User {
        let customer = self.customer(None);
        self.customer_user(customer, &customer_user_permissions("division"))
    }

    /// A customer below `parent`.
    pub fn customer(&self, parent: Option<i64>) -> i64 {
        let mut relationships = json!({});
        if let Some(parent) = parent {
            relationships["parent"] = one("customers", &parent.to_string());
        }
        let name = unique("Customer");
        self.create("customers", &json!({"name": name}), &relationships)
    }

    /// A customer user with exactly those permissions, `{"orders": {"VIEW": "department"}}`, and a client that acts as them.
    pub fn customer_user(&self, customer: i64, permissions: &Value) -> User {
        let (id, email) = self.add_customer_user(customer, permissions);
        client_of(self.server, self.first.id, Subject::CustomerUser(id), email, Api::Storefront)
    }

    /// A customer user with those permissions, who has yet to log in: the id and the e-mail address.
    pub fn add_customer_user(&self, customer: i64, permissions: &Value) -> (i64, String) {
        let label = unique("Role");
        let role = self.create("customeruserroles", &json!({"label": label, "permissions": permissions}), &json!({}));
        let email = format!("{}@example.org", unique("buyer").to_lowercase());
        let attributes = json!({"email": email, "firstName": "Test", "lastName": "Buyer"});
        let relationships = json!({
            "customer": one("customers", &customer.to_string()),
            "userRoles": many("customeruserroles", &[&role.to_string()]),
        });
        (self.create("customerusers", &attributes, &relationships), email)
    }

    /// The access token of a visitor of the storefront; the server must let visitors in.
    pub fn visit(&self) -> String {
        let key = ServerKey::parse(KEY).unwrap();
        let made = self.write(|conn| {
            let client = NewClient {
                id: None,
                name: "Visits",
                organization: self.id(),
                grant: Grant::Password,
                api: Api::Storefront,
                owner: None,
                secret: None,
                public: false,
                networks: Default::default(),
            };
            clients::create(conn, &key, &client)
        });
        let body = json!({
            "grant_type": "password", "client_id": made.id, "client_secret": made.secret,
            "username": "guest", "password": "guest",
        });
        let answer = self.server.client().send(reqwest::Method::POST, "/oauth2-token", |request| request.json(&body));
        answer.expect(200).json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Gives a customer user the tests' password.
    pub fn set_customer_user_password(&self, user: i64) {
        let cost = Cost { memory_kib: 64, iterations: 1 };
        self.write(|conn| set_password(conn, cost, self.id(), Subject::CustomerUser(user), PASSWORD));
    }

    #[track_caller]
    fn create(&self, kind: &str, attributes: &Value, relationships: &Value) -> i64 {
        shop::try_create(self.client(), kind, attributes, relationships).expect(201).id().parse().unwrap()
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

fn add_user(server: &'static TestServer, organization: i64, unit: i64, roles: &[&str]) -> User {
    let username = unique("user").to_lowercase();
    let email = format!("{username}@example.org");
    let user = NewUser {
        username: &username,
        email: &email,
        first_name: "Test",
        last_name: "User",
        password: Some(PASSWORD),
        roles,
    };
    let cost = Cost { memory_kib: 64, iterations: 1 };
    let id = write(server, |conn| users::create(conn, cost, organization, unit, &user));
    client_of(server, organization, Subject::User(id), username, Api::Admin)
}

/// A client that acts as someone who exists.
fn client_of(server: &'static TestServer, organization: i64, subject: Subject, username: String, api: Api) -> User {
    let key = ServerKey::parse(KEY).unwrap();
    let made = write(server, |conn| {
        let client = NewClient {
            id: None,
            name: &username,
            organization,
            grant: Grant::ClientCredentials,
            api,
            owner: Some(subject),
            secret: None,
            public: false,
            networks: Default::default(),
        };
        clients::create(conn, &key, &client)
    });
    let (client_id, client_secret) = (made.id, made.secret.unwrap());
    let client = server.client().with_token(&token(server, &client_id, &client_secret));
    let (Subject::User(id) | Subject::CustomerUser(id) | Subject::Visitor(id)) = subject;
    User { id, username, client, client_id, client_secret }
}

/// The same level of every permission for every resource of the storefront.
pub fn customer_user_permissions(level: &str) -> Value {
    json!({"*": {"VIEW": level, "CREATE": level, "EDIT": level, "DELETE": level, "ASSIGN": level}})
}

fn write<T>(server: &TestServer, mut work: impl FnMut(&mut PgConnection) -> Result<T, AccessError>) -> T {
    server.db.transaction_now::<_, Error>(|conn| work(conn).map_err(Error::from)).unwrap()
}
