//! `GET` and `POST …/oauth2-token/authorize`: a user logs in, agrees that a client acts in the user's name, and is sent
//! back to the client with a code (RFC 6749, 4.1; contract section 24).
//!
//! The client's request stays in the query from page to page and is checked anew with each; forms send only what the
//! user says. After a login the browser is led to the same address again, by GET.

mod form;
mod login;
mod page;

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use actix_web::web::{self, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;

use super::origin::secure;
use super::{address, answer, login_prefix, metadata, rate};
use crate::app::App;
use crate::auth::authorize::{Application, Challenge, Fault, Parameters, Target, application};
use crate::auth::session::Session;
use crate::auth::subject::Subject;
use crate::auth::{Api, code, consent, oauth2, redirect};
use crate::error::{Error, Errors};
use form::Browser;
use page::Form;

const ALLOW: &str = "GET, POST";
/// Bytes of a form.
const BODY_LIMIT: usize = 16 * 1024;
const STALE: &str = "Nothing was done: the page was open for too long, or your browser has not kept its cookie. Please \
                     try again.";

/// Mounts the endpoints of both APIs.
pub fn routes(app: &App, service: &mut ServiceConfig) {
    for api in Api::ALL {
        let show = move |request: HttpRequest, app: web::Data<App>| async move {
            settle(&request, begin(&request, &app, api).await)
        };
        let take = move |request: HttpRequest, payload: web::Payload, app: web::Data<App>| async move {
            settle(&request, take(&request, payload, &app, api).await)
        };
        service.service(
            web::resource(path(app, api))
                .route(get().to(show))
                .route(post().to(take))
                .default_service(web::route().to(not_allowed)),
        );
    }
    let visitor =
        |request: HttpRequest, app: web::Data<App>| async move { settle(&request, visitor(&request, &app).await) };
    service.service(
        web::resource("/oauth2-token/authorize-visitor")
            .route(get().to(visitor))
            .default_service(web::route().to(|request: HttpRequest| async move { not_allowed_but(&request, "GET") })),
    );
}

/// The path of an API's endpoint.
pub(super) fn path(app: &App, api: Api) -> String {
    format!("{}/oauth2-token/authorize", login_prefix(app, api))
}

async fn not_allowed(request: HttpRequest) -> HttpResponse {
    not_allowed_but(&request, ALLOW)
}

fn not_allowed_but(request: &HttpRequest, allow: &'static str) -> HttpResponse {
    answer::refuse(request, &Error::method_not_allowed(allow).into())
}

fn settle(request: &HttpRequest, done: Result<HttpResponse, Error>) -> HttpResponse {
    done.unwrap_or_else(|error| answer::refuse(request, &Errors::from(error)))
}

/// A request whose client and redirect URI are good, and the user who is logged in.
struct Visit<'r> {
    request: &'r HttpRequest,
    app: &'r web::Data<App>,
    api: Api,
    application: Application,
    target: Target,
    parameters: Parameters,
    browser: Browser,
    who: Option<Who>,
}

/// Someone who has logged in.
#[derive(Clone)]
struct Who {
    subject: Subject,
    name: String,
}

/// A request that goes on, or its answer.
type Visited<'r> = Result<Result<Visit<'r>, HttpResponse>, Error>;

async fn begin(request: &HttpRequest, app: &web::Data<App>, api: Api) -> Result<HttpResponse, Error> {
    let visit = match Visit::read(request, app, api).await? {
        Ok(visit) => visit,
        Err(answer) => return Ok(answer),
    };
    let challenge = match visit.challenge() {
        Ok(challenge) => challenge,
        Err(fault) => return Ok(visit.fault(&fault)),
    };
    let Some(who) = visit.who.clone() else { return visit.login_page(StatusCode::OK, "", None) };
    match visit.code(challenge, &who, false).await? {
        Some(code) => Ok(visit.success(&code)),
        None => visit.consent_page(StatusCode::OK, &who, None),
    }
}

/// A code for someone who does not log in: at once, where the storefront has visitors.
async fn visitor(request: &HttpRequest, app: &web::Data<App>) -> Result<HttpResponse, Error> {
    let visit = match Visit::read(request, app, Api::Storefront).await? {
        Ok(visit) => visit,
        Err(answer) => return Ok(answer),
    };
    let challenge = match visit.challenge() {
        Ok(challenge) => challenge,
        Err(fault) => return Ok(visit.fault(&fault)),
    };
    if !app.auth.apis.visitors {
        return Ok(visit.fault(&Fault::no_visitors()));
    }
    let (auth, application, target) = (Arc::clone(&app.auth), visit.application.clone(), visit.target.clone());
    let issued = app.db.transaction(move |conn| {
        Ok::<_, Error>(code::issue(conn, &auth, &application, &target, challenge.as_ref(), None)?)
    });
    Ok(visit.success(&issued.await?))
}

async fn take(
    request: &HttpRequest,
    payload: web::Payload,
    app: &web::Data<App>,
    api: Api,
) -> Result<HttpResponse, Error> {
    let visit = match Visit::read(request, app, api).await? {
        Ok(visit) => visit,
        Err(answer) => return Ok(answer),
    };
    let challenge = match visit.challenge() {
        Ok(challenge) => challenge,
        Err(fault) => return Ok(visit.fault(&fault)),
    };
    let Some(sent) = read_form(request, payload).await else {
        return refused_page(StatusCode::BAD_REQUEST, "The form could not be read.");
    };
    let sent = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
    let token = sent("form_token");
    let from_login = visit.knows(&login_form(), token);
    let from_consent = visit.who.clone().filter(|who| visit.knows(&consent_form(who), token));
    match (sent("action"), from_consent) {
        ("login", _) if from_login => login::log_in(&visit, sent("username"), sent("password")).await,
        ("deny", who) if from_login || who.is_some() => Ok(visit.fault(&Fault::denied())),
        ("switch", Some(_)) => {
            let mut answer = page::lead(&visit.action());
            set_cookie(&mut answer, form::session_cookie(api, None, visit.secure()));
            Ok(answer)
        }
        ("allow", Some(who)) => match visit.code(challenge, &who, true).await? {
            Some(code) => Ok(visit.success(&code)),
            None => Err(Error::internal("a code was asked for with consent, and none was given")),
        },
        ("login", _) => visit.login_page(StatusCode::FORBIDDEN, sent("username"), Some(STALE)),
        _ => match visit.who.clone() {
            Some(who) => visit.consent_page(StatusCode::FORBIDDEN, &who, Some(STALE)),
            None => visit.login_page(StatusCode::FORBIDDEN, "", Some(STALE)),
        },
    }
}

async fn read_form(request: &HttpRequest, payload: web::Payload) -> Option<HashMap<String, String>> {
    let kind = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let body = payload.to_bytes_limited(BODY_LIMIT).await.ok()?.ok()?;
    oauth2::form(&body).ok()
}

/// Which form a token is for, and for whom.
fn login_form() -> String {
    "login".to_owned()
}

fn consent_form(who: &Who) -> String {
    format!("consent {:?}", who.subject)
}

/// A page for the user: nothing may be sent to the client. Told as the contract has it, with the challenge of HTTP Basic.
fn refused_page(status: StatusCode, problem: &str) -> Result<HttpResponse, Error> {
    let mut answer = page::answer(status, "");
    if status == StatusCode::UNAUTHORIZED {
        answer.insert_header((WWW_AUTHENTICATE, "Basic realm=\"OAuth\""));
    }
    Ok(answer.body(page::refused(problem)?))
}

fn set_cookie(answer: &mut HttpResponse, cookie: actix_web::cookie::Cookie<'static>) {
    // Values are of base64's alphabet, so this cannot fail.
    let _ = answer.add_cookie(&cookie);
}

impl<'r> Visit<'r> {
    async fn read(request: &'r HttpRequest, app: &'r web::Data<App>, api: Api) -> Visited<'r> {
        address::admit(request, app, api)?;
        let parameters = match oauth2::form(request.query_string().as_bytes()) {
            Ok(parameters) => Parameters(parameters),
            Err(refusal) => {
                let hint = refusal.hint.unwrap_or_default();
                return refused_page(StatusCode::BAD_REQUEST, &format!("The request is malformed: {hint}.")).map(Err);
            }
        };
        let Some(id) = parameters.get("client_id").map(str::to_owned) else {
            return refused_page(StatusCode::UNAUTHORIZED, "The request names no app (client_id).").map(Err);
        };
        rate::count_named(request, app, &id)?;
        let secure = secure(request, app);
        let (auth, now) = (Arc::clone(&app.auth), Utc::now());
        let session = form::session(request, api, secure).and_then(|text| Session::open(&auth.server, api, &text, now));
        let found = app.db.run(move |conn| {
            let Some(application) = application(conn, &auth, api, &id)? else { return Ok(None) };
            let session = session.as_ref().filter(|session| session.organization == application.organization);
            let who = match session {
                Some(session) => session.name(conn, &auth)?.map(|name| Who { subject: session.subject, name }),
                None => None,
            };
            Ok::<_, Error>(Some((application, who)))
        });
        let Some((application, who)) = found.await? else {
            let problem = "The app is not known here, or is not (any more) one that users can log in to (client_id).";
            return refused_page(StatusCode::UNAUTHORIZED, problem).map(Err);
        };
        let Some(target) = application.target(&parameters) else {
            let problem = format!(
                "The address to go back to is none of those that are registered for {} (redirect_uri).",
                application.name
            );
            return refused_page(StatusCode::UNAUTHORIZED, &problem).map(Err);
        };
        let browser = Browser::of(request, secure)?;
        Ok(Ok(Visit { request, app, api, application, target, parameters, browser, who }))
    }

    /// The rest of the request.
    fn challenge(&self) -> Result<Option<Challenge>, Fault> {
        self.application.challenge(&self.parameters)
    }

    fn secure(&self) -> bool {
        secure(self.request, self.app)
    }

    /// This page's path and query.
    fn action(&self) -> String {
        format!("{}?{}", path(self.app, self.api), self.request.query_string())
    }

    fn knows(&self, page: &str, token: &str) -> bool {
        self.browser.knows(&self.app.auth.server, self.request.query_string(), page, token, Utc::now())
    }

    /// A new code; `None`: the user has to be asked first.
    async fn code(&self, challenge: Option<Challenge>, who: &Who, agreed: bool) -> Result<Option<String>, Error> {
        let (auth, application, target) = (Arc::clone(&self.app.auth), self.application.clone(), self.target.clone());
        let subject = who.subject;
        let given = self.app.db.transaction(move |conn| {
            if agreed {
                consent::give(conn, &application, subject)?;
            } else if consent::is_needed(conn, &application, &target, subject)? {
                return Ok(None);
            }
            let code = code::issue(conn, &auth, &application, &target, challenge.as_ref(), Some(subject))?;
            Ok::<_, Error>(Some(code))
        });
        let given = given.await?;
        if given.is_some() {
            tracing::info!(client = self.application.id, ?subject, agreed, "code given");
        }
        Ok(given)
    }

    /// Sends the browser back with a code.
    fn success(&self, code: &str) -> HttpResponse {
        self.send(&[("code", code)])
    }

    /// Sends the browser back with what is wrong.
    fn fault(&self, fault: &Fault) -> HttpResponse {
        tracing::info!(client = self.application.id, error = fault.error, hint = fault.hint, "no code given");
        self.send(&[
            ("error", fault.error),
            ("error_description", fault.description),
            ("hint", &fault.hint),
            ("message", fault.description),
        ])
    }

    fn send(&self, outcome: &[(&str, &str)]) -> HttpResponse {
        let issuer = metadata::issuer(self.request, self.app, self.api);
        let mut all = outcome.to_vec();
        all.extend(self.parameters.get("state").map(|state| ("state", state)));
        all.push(("iss", &issuer));
        page::lead(&redirect::with(&self.target.uri, &all))
    }

    fn login_page(&self, status: StatusCode, username: &str, problem: Option<&str>) -> Result<HttpResponse, Error> {
        self.page(status, &login_form(), username, problem, |form| form.login())
    }

    fn consent_page(&self, status: StatusCode, who: &Who, problem: Option<&str>) -> Result<HttpResponse, Error> {
        let place = redirect::place(&self.target.uri);
        self.page(status, &consent_form(who), &who.name, problem, |form| form.consent(&place))
    }

    fn page(
        &self,
        status: StatusCode,
        name: &str,
        username: &str,
        problem: Option<&str>,
        render: impl Fn(&Form<'_>) -> Result<String, Error>,
    ) -> Result<HttpResponse, Error> {
        let token = self.browser.token(&self.app.auth.server, self.request.query_string(), name, Utc::now());
        let html = render(&Form {
            api: self.api,
            action: &self.action(),
            token: &token,
            client: &self.application.name,
            organization: &self.application.organization_name,
            username,
            problem,
        })?;
        let mut answer = page::answer(status, &redirect::source(&self.target.uri)).body(html);
        if let Some(cookie) = self.browser.cookie() {
            set_cookie(&mut answer, cookie);
        }
        Ok(answer)
    }
}
