//! Authorization codes (contract section 24; RFC 6749, 7636, 8252, 9207, 9700), by real HTTP: a browser that keeps cookies,
//! fills in forms and follows no redirect by itself.

mod attack;
mod command;
mod exchange;
mod flow;
mod library;
mod page;
mod refusal;
mod storefront;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entrepot::auth::Api;
use entrepot::auth::clients::{CodeSettings, Grant, NewClient, create_with};
use entrepot::auth::secret::{ServerKey, sha256};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Method;
use reqwest::header::SET_COOKIE;

use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::organization::{Organization, PASSWORD};
use crate::support::server::{KEY, TestServer};

const PATH: &str = "/admin/oauth2-token/authorize";
const BACK: &str = "https://app.example/done?from=here";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A server for logins that fail: they count against their address, and must not slow the logins of other tests.
pub fn guarded() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(|| TestServer::start(database::shared(), "[database]\npool_size = 3"))
}

/// A client with the grant `authorization_code`.
struct Application {
    id: String,
    secret: Option<String>,
    api: Api,
}

impl Application {
    fn public(organization: &Organization, redirect_uris: &[&str]) -> Application {
        Application::with(organization, true, code_settings(redirect_uris))
    }

    fn confidential(organization: &Organization, redirect_uris: &[&str]) -> Application {
        Application::with(organization, false, code_settings(redirect_uris))
    }

    fn with(organization: &Organization, public: bool, code: CodeSettings<'_>) -> Application {
        Application::of(organization, Api::Admin, public, code)
    }

    fn of(organization: &Organization, api: Api, public: bool, code: CodeSettings<'_>) -> Application {
        let key = ServerKey::parse(KEY).unwrap();
        let made = organization.write(|conn| {
            let client = NewClient {
                id: None,
                name: "Stock & <b>Order</b> app",
                organization: organization.id(),
                grant: Grant::AuthorizationCode,
                api,
                owner: None,
                secret: None,
                public,
                networks: Default::default(),
            };
            create_with(conn, &key, &client, &code)
        });
        Application { id: made.id, secret: made.secret, api }
    }

    /// The parameters of a sound request.
    fn parameters(&self) -> Vec<(&str, String)> {
        vec![
            ("response_type", "code".to_owned()),
            ("client_id", self.id.clone()),
            ("redirect_uri", BACK.to_owned()),
            ("state", "a b&c=d".to_owned()),
            ("code_challenge", challenge(VERIFIER)),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    /// The path of a sound request, with some parameters changed; an empty one is left out.
    fn path(&self, changed: &[(&str, &str)]) -> String {
        let mut all = self.parameters();
        for (name, value) in changed {
            all.retain(|(known, _)| known != name);
            all.push((name, (*value).to_owned()));
        }
        all.retain(|(_, value)| !value.is_empty());
        let pairs: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let path = match self.api {
            Api::Admin => PATH,
            Api::Storefront => "/oauth2-token/authorize",
        };
        format!("{path}?{}", form(&pairs))
    }

    /// The exchange of a code, with some parameters changed; an empty one is left out.
    fn exchange(&self, server: &TestServer, code: &str, changed: &[(&str, &str)]) -> Answer {
        let mut all = vec![
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("redirect_uri", BACK),
            ("code", code),
            ("code_verifier", VERIFIER),
        ];
        all.extend(self.secret.as_ref().map(|secret| ("client_secret", secret.as_str())));
        for (name, value) in changed {
            all.retain(|(known, _)| known != name);
            all.push((name, value));
        }
        all.retain(|(_, value)| !value.is_empty());
        post(&server.client(), "/oauth2-token", &all)
    }
}

fn code_settings<'a>(redirect_uris: &[&'a str]) -> CodeSettings<'a> {
    CodeSettings { redirect_uris: redirect_uris.to_vec(), ..CodeSettings::default() }
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()))
}

fn form(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn post(client: &Client, path: &str, pairs: &[(&str, &str)]) -> Answer {
    let body = form(pairs);
    client.send(Method::POST, path, |request| {
        request.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    })
}

/// A browser's window.
struct Window {
    client: Client,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Window {
    fn new(server: &TestServer) -> Window {
        Window { client: server.client().staying(), cookies: RefCell::default() }
    }

    fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None)
    }

    fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, Some(form(pairs)))
    }

    fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = self.client.send(method, path, |mut request| {
            if !cookies.is_empty() {
                request = request.header("Cookie", cookies.join("; "));
            }
            match body {
                Some(body) => request.header("Content-Type", "application/x-www-form-urlencoded").body(body),
                None => request,
            }
        });
        for line in answer.headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Opens the page and sends its form with a name and a password.
    fn try_log_in(&self, path: &str, username: &str, password: &str) -> Answer {
        let page = self.get(path).expect(200);
        assert!(page.text.contains("name=\"password\""), "{}", page.text);
        let token = form_token(&page);
        let sent =
            [("form_token", token.as_str()), ("username", username), ("password", password), ("action", "login")];
        self.post(path, &sent)
    }

    /// Logs in; what comes then: a page, or the way back to the client.
    fn log_in(&self, path: &str, username: &str) -> Answer {
        let answer = self.try_log_in(path, username, PASSWORD).expect(303);
        assert_eq!(answer.header("location"), path);
        self.get(path)
    }

    /// Presses a button of a page.
    fn press(&self, path: &str, page: &Answer, button: &str) -> Answer {
        self.post(path, &[("form_token", &form_token(page)), ("action", button)])
    }

    /// Logs in and agrees; the code.
    fn code(&self, path: &str, username: &str) -> String {
        let page = self.log_in(path, username).expect(200);
        let back = self.press(path, &page, "allow").expect(303);
        sent_back(&back).remove("code").unwrap_or_else(|| panic!("no code: {}", back.header("location")))
    }
}

/// The hidden field of a page's form.
fn form_token(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("name=\"form_token\" value=\"").unwrap_or_else(|| panic!("{}", page.text));
    rest.split('"').next().unwrap().to_owned()
}

/// What a redirect tells the client.
fn sent_back(answer: &Answer) -> HashMap<String, String> {
    let (_, query) = answer.header("location").split_once('?').unwrap();
    let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
