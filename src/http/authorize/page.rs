//! The pages of a login: plain HTML without a script, which no other page can frame.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, PRAGMA, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::auth::Api;
use crate::auth::secret::sha256;
use crate::error::Error;

const STYLE: &str = include_str!("../../../templates/authorize/style.css");

/// The hash by which the policy knows the style.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(sha256(STYLE.as_bytes())));

/// Name and password.
#[derive(Template)]
#[template(path = "authorize/login.html")]
struct Login<'a> {
    style: &'static str,
    action: &'a str,
    token: &'a str,
    client: &'a str,
    organization: &'a str,
    api: &'static str,
    name_label: &'static str,
    name_type: &'static str,
    username: &'a str,
    problem: Option<&'a str>,
}

/// May the client act as you?
#[derive(Template)]
#[template(path = "authorize/consent.html")]
struct Consent<'a> {
    style: &'static str,
    action: &'a str,
    token: &'a str,
    client: &'a str,
    organization: &'a str,
    api: &'static str,
    username: &'a str,
    place: &'a str,
    problem: Option<&'a str>,
}

/// Nothing can be done.
#[derive(Template)]
#[template(path = "authorize/refused.html")]
struct Refused<'a> {
    style: &'static str,
    problem: &'a str,
}

/// What both forms show.
pub struct Form<'a> {
    pub api: Api,
    /// Where the form is sent: this page's own path and query.
    pub action: &'a str,
    pub token: &'a str,
    pub client: &'a str,
    pub organization: &'a str,
    pub username: &'a str,
    /// What was wrong with what was sent before.
    pub problem: Option<&'a str>,
}

impl Form<'_> {
    pub fn login(&self) -> Result<String, Error> {
        let (name_label, name_type) = match self.api {
            Api::Admin => ("User name or e-mail address", "text"),
            Api::Storefront => ("E-mail address", "email"),
        };
        let page = Login {
            style: STYLE,
            action: self.action,
            token: self.token,
            client: self.client,
            organization: self.organization,
            api: area(self.api),
            name_label,
            name_type,
            username: self.username,
            problem: self.problem,
        };
        page.render().map_err(Error::internal)
    }

    /// `place`: where the user is sent afterwards.
    pub fn consent(&self, place: &str) -> Result<String, Error> {
        let page = Consent {
            style: STYLE,
            action: self.action,
            token: self.token,
            client: self.client,
            organization: self.organization,
            api: area(self.api),
            username: self.username,
            place,
            problem: self.problem,
        };
        page.render().map_err(Error::internal)
    }
}

/// The page of a request that nothing can be done about.
pub fn refused(problem: &str) -> Result<String, Error> {
    Refused { style: STYLE, problem }.render().map_err(Error::internal)
}

/// An answer with a page. `source`: what its form may lead to beside this server.
pub fn answer(status: StatusCode, source: &str) -> HttpResponseBuilder {
    let hash = STYLE_HASH.as_str();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self' {source}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut answer = private(status);
    answer
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((X_FRAME_OPTIONS, "DENY"));
    answer
}

/// Sends the browser on, by GET.
pub fn lead(location: &str) -> HttpResponse {
    private(StatusCode::SEE_OTHER).insert_header((LOCATION, location)).finish()
}

/// An answer that nobody may keep or tell of.
fn private(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    answer
}

fn area(api: Api) -> &'static str {
    match api {
        Api::Admin => "back office",
        Api::Storefront => "shop",
    }
}
