//! Which APIs the server has, and who may come without a login.

use super::source::Source;
use crate::auth::Api;

/// Switches of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apis {
    /// The back office's API.
    pub admin: bool,
    /// The storefront's API.
    pub storefront: bool,
    /// Whether the storefront's API serves visitors, who have not logged in.
    pub visitors: bool,
}

impl Apis {
    /// Whether the API is there. One that is not answers every request with 404, and its clients get no tokens.
    pub const fn enabled(self, api: Api) -> bool {
        match api {
            Api::Admin => self.admin,
            Api::Storefront => self.storefront,
        }
    }

    pub(super) fn read(source: &mut Source) -> Apis {
        Apis {
            admin: source.flag("api.admin.enabled", true),
            storefront: source.flag("api.storefront.enabled", true),
            visitors: source.flag("api.storefront.visitors", false),
        }
    }
}
