//! The login and consent pages in a real browser, at a desk and on a phone; and the API document's page, which logs in by
//! them.

use std::time::Duration;

use entrepot::auth::Api;
use entrepot::auth::clients::{CodeSettings, Grant, NewClient, create_with};
use entrepot::auth::secret::ServerKey;

use super::webdriver::Browser;
use crate::authorize::guarded;
use crate::support::organization::{Organization, PASSWORD};
use crate::support::server::KEY;

const PATIENCE: Duration = Duration::from_secs(10);
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn application(organization: &Organization, redirect_uri: &str) -> String {
    let key = ServerKey::parse(KEY).unwrap();
    let code = CodeSettings { redirect_uris: vec![redirect_uri], ..CodeSettings::default() };
    let made = organization.write(|conn| {
        let client = NewClient {
            id: None,
            name: "Stock app",
            organization: organization.id(),
            grant: Grant::AuthorizationCode,
            api: Api::Admin,
            owner: None,
            secret: None,
            public: true,
            networks: Default::default(),
        };
        create_with(conn, &key, &client, &code)
    });
    made.id
}

fn log_in(browser: &Browser, organization: &Organization) {
    browser.type_into("#username", &organization.admin.username);
    browser.type_into("#password", PASSWORD);
    browser.click("button[value=login]");
    browser.wait(PATIENCE, "document.querySelector('button[value=allow]') !== null");
}

/// Nothing is wider than the screen, and everything can be hit with a finger.
fn fits(browser: &Browser) {
    let wide = browser.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth");
    assert_eq!(wide, false, "wider than the screen");
    let small = browser.run(
        "return [...document.querySelectorAll('input:not([type=hidden]), button')]
             .filter(part => part.getBoundingClientRect().height < 40).map(part => part.outerHTML)",
    );
    assert_eq!(small, serde_json::json!([]), "too small for a finger");
}

#[test]
fn a_user_logs_in_and_agrees_at_a_desk_and_on_a_phone() {
    let Some(browser) = Browser::start() else { return };
    let organization = Organization::on(guarded());
    for (name, width, height) in [("desk", 1000, 700), ("phone", 390, 780)] {
        browser.resize(width, height);
        // The liveness page stands for the client's own.
        let back = format!("http://{}/health/live", organization.server.address);
        let application = application(&organization, &back);
        browser.open(&format!(
            "http://{}/admin/oauth2-token/authorize?response_type=code&client_id={application}&state=known\
             &code_challenge={CHALLENGE}&code_challenge_method=S256",
            organization.server.address
        ));
        browser.wait(PATIENCE, "document.activeElement.id === 'username'");
        fits(&browser);
        browser.type_into("#username", &organization.admin.username);
        browser.type_into("#password", "a wrong password");
        browser.click("button[value=login]");
        browser.wait(PATIENCE, "document.querySelector('[role=alert]') !== null");
        assert_eq!(browser.run("return document.activeElement.id"), "password");
        fits(&browser);
        browser.screenshot(&format!("login-{name}"));
        browser.run("document.querySelector('#username').value = ''");
        log_in(&browser, &organization);
        fits(&browser);
        browser.screenshot(&format!("consent-{name}"));
        browser.click("button[value=allow]");
        browser.wait(PATIENCE, "location.pathname === '/health/live'");
        let query = browser.run("return location.search");
        assert!(
            query.as_str().unwrap().contains("code=") && query.as_str().unwrap().contains("state=known"),
            "{query}"
        );
        // The next size begins with a login again.
        browser.forget();
    }
}

/// The page opens the login in a window of its own, which comes back and closes.
#[test]
fn the_documents_page_logs_in_by_a_code() {
    let Some(browser) = Browser::start() else { return };
    let organization = Organization::new();
    let application = application(&organization, "http://127.0.0.1/admin/api/doc/oauth2-redirect.html");
    browser.open(&format!("http://{}/admin/api/doc", organization.server.address));
    browser.click(".btn.authorize");
    browser.type_into("#client_id_authorizationCode", &application);
    browser.run("document.querySelector('#client_id_authorizationCode').closest('.auth-container').id = 'by-code'");
    let page = browser.windows();
    browser.click("#by-code .auth-btn-wrapper .authorize");
    browser.enter_new(&page);
    log_in(&browser, &organization);
    browser.click("button[value=allow]");
    browser.enter(&page[0]);
    browser.wait(
        PATIENCE,
        "[...document.querySelectorAll('#by-code .auth-btn-wrapper button')].some(b => b.textContent === 'Logout')",
    );
    browser.click("#by-code .auth-btn-wrapper .btn-done");
    super::try_out(&browser, "products", "list_products");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
