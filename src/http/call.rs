//! A request whose place, caller and media types are known: what [`super::read`] and [`super::write`] are given.

use std::sync::Arc;

use actix_web::web;

use super::media_type::Profile;
use crate::acl::Caller;
use crate::app::App;
use crate::auth::Api;
use crate::engine::registry::Registry;
use crate::engine::render::View;

/// A request that is understood and whose caller is known.
pub struct Call {
    pub app: web::Data<App>,
    pub api: Api,
    pub caller: Arc<Caller>,
    pub profile: Profile,
    pub view: View,
    /// The resources as this request names them.
    pub registry: Arc<Registry>,
    /// The lower-case keys of `X-Include`.
    pub include: Vec<String>,
}

impl Call {
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether `X-Include` has the key (`totalCount`, `deletedCount`, `noHateoas`).
    pub fn includes(&self, key: &str) -> bool {
        self.include.iter().any(|given| given.eq_ignore_ascii_case(key))
    }
}
