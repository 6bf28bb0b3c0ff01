//! `POST /oauth2-token`: credentials for a token (contract section 24), and `GET /.well-known/jwks.json`: the public
//! halves of the keys that sign tokens.
//!
//! [`state`] ends tokens and tells about them.
//!
//! One endpoint serves both APIs: the client's own API decides what its tokens are good for.

pub mod state;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::auth::Api;
use crate::auth::clients::Client;
use crate::auth::customer_users::GUEST;
use crate::auth::grant::{self, NotGranted};
use crate::auth::oauth2::{Issued, Refusal, TokenRequest};
use crate::config::NetworkSettings;
use crate::error::{Error, Errors, OUTCOME_UNKNOWN};
use crate::http::{address, answer, limits, rate};

/// Bytes of a body; a password has at most 1024.
const BODY_LIMIT: usize = 16 * 1024;
const ALLOW: &str = "OPTIONS, POST";

/// `POST`.
pub async fn create(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let (address, token_request) = match read_counted(&request, payload, &app).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let client = token_request.client_id().unwrap_or_default();
    let outcome = grant(address, &app, &token_request).await;
    // A new pair ends the old one, a second use all that came of the first; no other caller is asked for again.
    match &outcome {
        Ok(Ok(issued)) => app.auth.callers.forget(&issued.ended),
        Ok(Err(refusal)) => app.auth.callers.forget(&refusal.ended),
        Err(error) if error.code == &OUTCOME_UNKNOWN => app.auth.callers.clear(),
        Err(_) => {}
    }
    match outcome {
        Ok(Ok(issued)) => {
            tracing::info!(client, "token given");
            secret(StatusCode::OK).json(issued.document())
        }
        Ok(Err(refusal)) => refused(&request, client, &refusal),
        Err(error) => answer::refuse(&request, &Errors::from(error)),
    }
}

/// `OPTIONS`.
pub async fn options() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ALLOW, ALLOW)).finish()
}

/// Any other method.
pub async fn not_allowed(request: HttpRequest) -> HttpResponse {
    answer::refuse(&request, &Error::method_not_allowed(ALLOW).into())
}

/// `GET /.well-known/jwks.json`.
pub async fn jwks(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let auth = Arc::clone(&app.auth);
    let keys = match auth.known_keys() {
        Some(keys) => Ok(keys),
        None => app.db.run(move |conn| auth.reload_keys(conn).map_err(Error::from)).await,
    };
    match keys {
        Ok(keys) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "application/jwk-set+json"))
            .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
            .body(keys.jwks().to_string()),
        Err(error) => answer::refuse(&request, &error.into()),
    }
}

/// What is asked, counted for the address, and for the client that it names there: so that whoever names one after
/// the other is counted too.
async fn read_counted(
    request: &HttpRequest,
    payload: web::Payload,
    app: &App,
) -> Result<(Option<IpAddr>, Arc<TokenRequest>), HttpResponse> {
    let (address, asked) = read(request, payload, app).await?;
    rate::count_unproven(request, app, asked.client_id().unwrap_or_default())
        .map_err(|error| answer::refuse(request, &Errors::from(error)))?;
    Ok((address, asked))
}

/// The caller's address and what it asks; else the refusal.
async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    app: &App,
) -> Result<(Option<IpAddr>, Arc<TokenRequest>), HttpResponse> {
    let address = address::of(request, app);
    // Which API the client is of shows later; who may call neither is refused before anything is read.
    if let (Err(error), Err(_)) = (admit(app, Api::Admin, address), admit(app, Api::Storefront, address)) {
        return Err(answer::refuse(request, &error.into()));
    }
    let body = match payload.to_bytes_limited(BODY_LIMIT).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if limits::is_late(&error) => {
            let mut refusal = Refusal::malformed("The body did not arrive in time");
            refusal.status = 408;
            return Err(refused(request, "", &refusal));
        }
        Ok(Err(_)) => return Err(refused(request, "", &Refusal::malformed("The body could not be read"))),
        Err(_) => {
            let mut refusal = Refusal::malformed(format!("The body may have at most {BODY_LIMIT} bytes"));
            refusal.status = 413;
            return Err(refused(request, "", &refusal));
        }
    };
    let read = TokenRequest::read(text(request, header::CONTENT_TYPE), text(request, header::AUTHORIZATION), &body);
    read.map(|asked| (address, Arc::new(asked))).map_err(|refusal| refused(request, "", &refusal))
}

type Granted = Result<Issued, Box<Refusal>>;

fn admit(app: &App, api: Api, address: Option<IpAddr>) -> Result<(), Error> {
    address::check(address::allowed(app, api), address)
}

/// Refuses a client that may not call from there: its API's networks, and its own.
fn admit_client(networks: &NetworkSettings, client: &Client, address: Option<IpAddr>) -> Result<(), Error> {
    let of_api = match Api::parse(&client.api) {
        Some(Api::Storefront) => &networks.storefront,
        _ => &networks.admin,
    };
    address::check(of_api, address)?;
    address::check(&client.networks, address)
}

async fn grant(address: Option<IpAddr>, app: &App, asked: &Arc<TokenRequest>) -> Result<Granted, Error> {
    if asked.get("grant_type") == Some("password") {
        return by_password(address, app, asked).await;
    }
    let (auth, asked, networks) = (Arc::clone(&app.auth), Arc::clone(asked), app.config.networks.clone());
    app.db
        .transaction(move |conn| {
            let client = match settle(grant::client(conn, &auth, &asked))? {
                Ok(client) => client,
                Err(refusal) => return Ok(Err(refusal)),
            };
            admit_client(&networks, &client, address)?;
            let granted = match asked.get("grant_type") {
                Some("authorization_code") => grant::authorization_code(conn, &auth, &client, &asked),
                Some("refresh_token") => match asked.require("refresh_token") {
                    Ok(token) => grant::refresh(conn, &auth, &client, token),
                    Err(refusal) => Ok(Err(refusal)),
                },
                _ => grant::client_credentials(conn, &auth, &client).map(Ok),
            };
            Ok(settle(granted)?.and_then(|granted| granted))
        })
        .await
}

/// The password is checked between two visits to the database, so that no connection waits for it.
async fn by_password(address: Option<IpAddr>, app: &App, asked: &Arc<TokenRequest>) -> Result<Granted, Error> {
    let (auth, question) = (Arc::clone(&app.auth), Arc::clone(asked));
    let found = app
        .db
        .run(move |conn| {
            settle(grant::client(conn, &auth, &question).and_then(|client| {
                let (name, _) = (question.require("username")?, question.require("password")?);
                let api = Api::parse(&client.api).ok_or_else(Refusal::invalid_client)?;
                let login = grant::login(conn, api, client.organization, name)?;
                Ok((client, api, login))
            }))
        })
        .await?;
    let (client, api, login) = match found {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    admit_client(&app.config.networks, &client, address)?;
    if is_visitor(app, &client, asked) {
        let auth = Arc::clone(&app.auth);
        return app.db.transaction(move |conn| settle(grant::visitor(conn, &auth, &client))).await;
    }
    let (name, password) = (asked.get("username").unwrap_or_default(), asked.get("password").unwrap_or_default());
    let account = grant::account(api, client.organization, name);
    let hash = login.as_ref().and_then(|login| login.password_hash.clone());
    let login = match app.auth.check_password(&account, address, password, hash).await {
        Ok(right) => login.filter(|_| right),
        Err(wait) => return Ok(Err(Refusal::slow_down(wait))),
    };
    let Some(login) = login else { return Ok(Err(Refusal::wrong_credentials())) };
    let auth = Arc::clone(&app.auth);
    app.db.transaction(move |conn| settle(grant::password(conn, &auth, &client, &login))).await
}

/// Whether the request is a visitor's: a client of the storefront asks as `guest` with the password `guest`.
fn is_visitor(app: &App, client: &Client, asked: &TokenRequest) -> bool {
    let guest = |name| asked.get(name) == Some(GUEST);
    app.auth.apis.visitors && client.api == Api::Storefront.name() && guest("username") && guest("password")
}

/// A refusal is an answer, and what was written before it stays; a failure is an error, and rolls back.
fn settle<T>(result: Result<T, NotGranted>) -> Result<Result<T, Box<Refusal>>, Error> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(NotGranted::Refused(refusal)) => Ok(Err(refusal)),
        Err(NotGranted::Failed(error)) => Err(error.into()),
    }
}

/// `client`: as the request names it, which may be anything.
fn refused(request: &HttpRequest, client: &str, refusal: &Refusal) -> HttpResponse {
    let client: String = client.chars().take(32).collect();
    let (error, hint) = (refusal.error.as_ref(), refusal.hint.as_deref().unwrap_or_default());
    tracing::info!(client, error, hint, "token refused");
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut answer = secret(status);
    let basic = text(request, header::AUTHORIZATION)
        .and_then(|value| value.get(..5))
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"));
    if status == StatusCode::UNAUTHORIZED && basic {
        answer.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"OAuth\"")));
    }
    if let Some(seconds) = refusal.retry_after {
        answer.insert_header((header::RETRY_AFTER, seconds));
    }
    answer.json(refusal.document())
}

/// An answer that nobody may keep.
fn secret(status: StatusCode) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"));
    answer
}

fn text(request: &HttpRequest, name: header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}
