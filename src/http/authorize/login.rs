//! A name and a password are checked, as at the token endpoint: with its queue, and with its brake on guessing.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use chrono::Utc;

use super::{Visit, form, page, set_cookie};
use crate::auth::grant::{self, NotGranted};
use crate::auth::session::Session;
use crate::error::Error;
use crate::http::address;

const WRONG: &str = "The name or the password is wrong.";

/// Leads the browser to the same address again, now logged in; else shows the form with what is wrong.
pub async fn log_in(visit: &Visit<'_>, name: &str, password: &str) -> Result<HttpResponse, Error> {
    let again = |status, problem: &str| visit.login_page(status, name, Some(problem));
    if name.is_empty() {
        return again(StatusCode::BAD_REQUEST, "Enter your name.");
    }
    if password.is_empty() {
        return again(StatusCode::BAD_REQUEST, "Enter your password.");
    }
    let (app, organization) = (visit.app, visit.application.organization);
    let (api, asked) = (visit.api, name.to_owned());
    let found = app.db.run(move |conn| Ok::<_, Error>(grant::login(conn, api, organization, &asked)?)).await?;
    let hash = found.as_ref().and_then(|login| login.password_hash.clone());
    let address = address::of(visit.request, app);
    let account = grant::account(api, organization, name);
    let right = match app.auth.check_password(&account, address, password, hash).await {
        Ok(right) => right,
        Err(wait) => {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let problem = format!("There were too many attempts. Wait {seconds} s, then try again.");
            let mut answer = again(StatusCode::TOO_MANY_REQUESTS, &problem)?;
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds as u64));
            return Ok(answer);
        }
    };
    let Some(login) = found.filter(|_| right) else {
        tracing::info!(client = visit.application.id, "login refused");
        return again(StatusCode::BAD_REQUEST, WRONG);
    };
    let (auth, now) = (Arc::clone(&app.auth), Utc::now());
    let counted = app.db.transaction(move |conn| match grant::logged_in(conn, organization, &login, now) {
        Ok(()) => Ok(Ok(Session::begin(conn, &auth.server, organization, login.subject)?)),
        Err(NotGranted::Refused(refusal)) => Ok(Err(refusal)),
        Err(NotGranted::Failed(error)) => Err(Error::from(error)),
    });
    let session = match counted.await? {
        Ok(Some(session)) => session,
        Ok(None) => return again(StatusCode::BAD_REQUEST, WRONG),
        Err(refusal) => return again(StatusCode::BAD_REQUEST, refusal.hint.as_deref().unwrap_or(WRONG)),
    };
    let mut answer = page::lead(&visit.action());
    set_cookie(
        &mut answer,
        form::session_cookie(visit.api, Some(session.seal(&app.auth.server, visit.api, now)?), visit.secure()),
    );
    Ok(answer)
}
