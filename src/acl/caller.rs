//! Who is behind a request.

use super::Permissions;
use crate::network::Networks;

/// Who is behind a request, in one organization, and what they may do.
#[derive(Clone, Debug)]
pub struct Caller {
    pub organization: i64,
    pub principal: Principal,
    /// The OAuth client's identifier, or that of an API key.
    pub client: String,
    pub permissions: Permissions,
    /// From where the client may call; empty: from anywhere.
    pub networks: Networks,
    /// How the storefront shows things to the caller.
    pub locale: Locale,
}

/// Language and currency of the storefront.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locale {
    /// `None`: the default localization.
    pub localization: Option<i64>,
    /// ISO 4217; empty in the back office, whose records say theirs.
    pub currency: String,
}

/// As whom a caller acts. Users call the back office's API, customer users and visitors the storefront's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    User(User),
    CustomerUser(CustomerUser),
    /// Someone who has not logged in. Reads what is [public](crate::engine::resource::Resource::public), and nothing else.
    Visitor(i64),
}

/// A user of the back office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: i64,
    /// The unit that owns what the user creates.
    pub business_unit: i64,
    /// The units the user belongs to.
    pub business_units: Vec<i64>,
    /// Those and the units below them.
    pub division: Vec<i64>,
}

/// Someone who buys for a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerUser {
    pub id: i64,
    pub customer: i64,
    /// That customer and those below it.
    pub division: Vec<i64>,
}

impl Caller {
    /// The user of the back office.
    pub fn user(&self) -> Option<&User> {
        match &self.principal {
            Principal::User(user) => Some(user),
            _ => None,
        }
    }

    pub fn customer_user(&self) -> Option<&CustomerUser> {
        match &self.principal {
            Principal::CustomerUser(user) => Some(user),
            _ => None,
        }
    }
}

impl Principal {
    /// What kind of principal it is and its id, for the log.
    pub fn label(&self) -> (&'static str, i64) {
        match self {
            Principal::User(user) => ("user", user.id),
            Principal::CustomerUser(user) => ("customer user", user.id),
            Principal::Visitor(id) => ("visitor", *id),
        }
    }
}
