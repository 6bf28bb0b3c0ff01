//! The API document's page in a real browser: it loads fast and from this server alone, and its buttons work.
//!
//! Needs `chromedriver` and Chromium (Debian: `chromium-driver`); where they are missing the tests say so and do nothing.
//! Screenshots go to `target/tmp/screenshots`.

mod login;
mod webdriver;

use std::time::{Duration, Instant};

use entrepot::auth::Api;
use entrepot::auth::clients::{self, Grant, NewClient};
use entrepot::auth::secret::ServerKey;
use serde_json::Value;

use crate::support::organization::{Organization, PASSWORD};
use crate::support::server::KEY;
use webdriver::Browser;

const PAGE: &str = "/admin/api/doc";
const TAGS: &str = ".opblock-tag";

#[test]
fn the_page_is_usable_within_five_seconds_and_needs_no_other_server() {
    let Some(browser) = Browser::start() else { return };
    let organization = Organization::new();
    let document = organization.server.client().get("/admin/api/openapi.json").expect(200).json();
    let tags = document["tags"].as_array().unwrap().len();

    let started = Instant::now();
    browser.open(&format!("http://{}{PAGE}", organization.server.address));
    browser.wait(Duration::from_secs(5), &format!("document.querySelectorAll('{TAGS}').length === {tags}"));
    let loaded = started.elapsed();
    browser.screenshot("document");
    assert!(loaded < Duration::from_secs(5), "the page took {loaded:?}");

    let foreign = browser.run(
        "return performance.getEntriesByType('resource').map(entry => entry.name)
             .filter(name => !name.startsWith(location.origin) && !name.startsWith('data:'))",
    );
    assert_eq!(foreign, Value::Array(Vec::new()), "loaded from elsewhere");
    assert_eq!(browser.complaints(), Vec::<String>::new());

    browser.type_into(".operation-filter-input", "countries");
    browser.wait(Duration::from_secs(5), &format!("document.querySelectorAll('{TAGS}').length === 1"));
}

#[test]
fn a_client_authorizes_and_tries_an_operation() {
    let Some(browser) = Browser::start() else { return };
    let organization = Organization::new();
    let user = &organization.admin;
    browser.open(&format!("http://{}{PAGE}", organization.server.address));
    browser.click(".btn.authorize");
    browser.type_into("#client_id_clientCredentials", &user.client_id);
    browser.type_into("#client_secret_clientCredentials", &user.client_secret);
    browser.screenshot("authorize");
    authorize(&browser, "#client_id_clientCredentials");
    try_out(&browser, "products", "list_products");
    browser.screenshot("try-it-out");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_user_logs_in_and_tries_an_operation() {
    let Some(browser) = Browser::start() else { return };
    let organization = Organization::new();
    let key = ServerKey::parse(KEY).unwrap();
    let client = organization.write(|conn| {
        let client = NewClient {
            id: None,
            name: "The document's page",
            organization: organization.id(),
            grant: Grant::Password,
            api: Api::Admin,
            owner: None,
            secret: None,
            public: false,
            networks: Default::default(),
        };
        clients::create(conn, &key, &client)
    });
    browser.open(&format!("http://{}{PAGE}", organization.server.address));
    browser.click(".btn.authorize");
    browser.type_into("#oauth_username", &organization.admin.username);
    browser.type_into("#oauth_password", PASSWORD);
    browser.type_into("#client_id_password", &client.id);
    browser.type_into("#client_secret_password", &client.secret.unwrap());
    authorize(&browser, "#oauth_username");
    try_out(&browser, "customers", "list_customers");
}

/// Presses Authorize in the dialog's part that has the field, waits for the token, and closes the dialog.
fn authorize(browser: &Browser, field: &str) {
    let part = format!("document.querySelector('{field}').closest('.auth-container')");
    browser.run(&format!("{part}.querySelector('.auth-btn-wrapper .authorize').click()"));
    browser.wait(
        Duration::from_secs(10),
        "[...document.querySelectorAll('.auth-container .auth-btn-wrapper button')].some(b => b.textContent === 'Logout')",
    );
    browser.click(".auth-btn-wrapper .btn-done");
}

/// Opens an operation, executes it, and expects a JSON:API list with status 200.
fn try_out(browser: &Browser, tag: &str, operation: &str) {
    browser.click(&format!("#operations-tag-{tag}"));
    browser.click(&format!("#operations-{tag}-{operation} .opblock-summary-control"));
    browser.click(&format!("#operations-{tag}-{operation} .execute"));
    let answer = format!("document.querySelector('#operations-{tag}-{operation} .live-responses-table .response')");
    browser.wait(Duration::from_secs(10), &format!("{answer} !== null"));
    let status = browser.run(&format!("return {answer}.querySelector('.response-col_status').firstChild.textContent"));
    let text = browser.run(&format!("return {answer}.textContent"));
    assert_eq!(status, "200", "{text}");
    assert!(text.as_str().unwrap().contains("\"data\""), "{text}");
}
