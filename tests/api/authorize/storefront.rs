//! Customer users who log in to the storefront, and visitors who do not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entrepot::auth::Api;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Application, BACK, Window, code_settings, guarded, sent_back};
use crate::support::database;
use crate::support::organization::{Organization, PASSWORD};
use crate::support::server::TestServer;

const PROBE: &str = "/api/countries?page[size]=1";

fn application(organization: &Organization) -> Application {
    Application::of(organization, Api::Storefront, true, code_settings(&[BACK]))
}

fn claims(pair: &Value) -> Value {
    let text = pair["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// "storefront `GET /oauth2-token/authorize`": customer users log in by their e-mail address, and their tokens are good for
/// the storefront alone.
#[test]
fn a_customer_user_logs_in() {
    let organization = Organization::new();
    let application = application(&organization);
    let (id, email) = organization.add_customer_user(organization.customer(None), &json!({}));
    organization.set_customer_user_password(id);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    assert!(window.get(&path).expect(200).text.contains("E-mail address"));
    let page = window.log_in(&path, &email.to_uppercase()).expect(200);
    assert!(page.text.contains(&email), "{}", page.text);
    let told = sent_back(&window.press(&path, &page, "allow").expect(303));
    assert_eq!(told["iss"], format!("http://{}/oauth2-server", organization.server.address));
    let pair = application.exchange(organization.server, &told["code"], &[]).expect(200).json();
    assert_eq!(claims(&pair)["sub"], email.as_str());
    let client = organization.server.client().with_token(pair["access_token"].as_str().unwrap());
    client.get(PROBE).expect(200);
    client.get("/admin/api/countries").expect(401);
    // Agreed once; the login goes on.
    assert!(sent_back(&window.get(&path).expect(303)).contains_key("code"));
}

/// Users of the back office and customer users are not each other, whatever they are called.
#[test]
fn each_api_has_its_own_users() {
    let organization = Organization::on(guarded());
    let (storefront, admin) = (application(&organization), Application::public(&organization, &[BACK]));
    let (id, email) = organization.add_customer_user(organization.customer(None), &json!({}));
    organization.set_customer_user_password(id);
    let window = Window::new(organization.server);
    let user = &organization.admin.username;
    window.try_log_in(&storefront.path(&[]), &format!("{user}@example.org"), PASSWORD).expect(400);
    window.try_log_in(&admin.path(&[]), &email, PASSWORD).expect(400);
    // A login to one is none to the other.
    window.log_in(&storefront.path(&[]), &email).expect(200);
    assert!(window.get(&admin.path(&[])).expect(200).text.contains("name=\"password\""));
}

/// An account that cannot be used gets no code, and what was agreed to ends with it.
#[test]
fn an_account_that_is_closed_gets_nothing() {
    let organization = Organization::on(guarded());
    let application = application(&organization);
    let (id, email) = organization.add_customer_user(organization.customer(None), &json!({}));
    organization.set_customer_user_password(id);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let code = window.code(&path, &email);
    let change = |attributes: Value| {
        let body = json!({"data": {"type": "customerusers", "id": id.to_string(), "attributes": attributes}});
        organization.client().patch(&format!("/admin/api/customerusers/{id}"), &body).expect(200);
    };
    change(json!({"enabled": false}));
    let refused = application.exchange(organization.server, &code, &[]).expect(400).json();
    assert_eq!((&refused["error"], &refused["hint"]), (&json!("invalid_grant"), &json!("Account is disabled.")));
    assert!(window.get(&path).expect(200).text.contains("name=\"password\""));
    assert!(window.try_log_in(&path, &email, PASSWORD).expect(400).text.contains("Account is disabled."));
    change(json!({"enabled": true}));
    // The code was spent on the attempt, and so was the login: with a new one another code works.
    application.exchange(organization.server, &code, &[]).expect(400);
    assert!(window.get(&path).expect(200).text.contains("name=\"password\""));
    let code = sent_back(&window.log_in(&path, &email).expect(303)).remove("code").unwrap();
    application.exchange(organization.server, &code, &[]).expect(200);
    organization.client().delete(&format!("/admin/api/customerusers/{id}")).expect(204);
}

/// "visitor `GET /oauth2-token/authorize-visitor` (no login)"; "identifier in the token is `visitor:{sessionId}`".
#[test]
fn a_visitor_gets_a_code_without_a_login() {
    let server =
        TestServer::lasting(database::shared(), "[api.storefront]\nvisitors = true\n[database]\npool_size = 3");
    let organization = Organization::on(server);
    let application = application(&organization);
    let path = application.path(&[]).replace("/authorize?", "/authorize-visitor?");
    let window = Window::new(server);
    let mut visitors = Vec::new();
    for _ in 0..2 {
        let told = sent_back(&window.get(&path).expect(303));
        assert_eq!(
            (told["state"].as_str(), &told["iss"]),
            ("a b&c=d", &format!("http://{}/oauth2-server", server.address))
        );
        let pair = application.exchange(server, &told["code"], &[]).expect(200).json();
        assert!(!pair["refresh_token"].as_str().unwrap().is_empty());
        server.client().with_token(pair["access_token"].as_str().unwrap()).get(PROBE).expect(200);
        let replay = application.exchange(server, &told["code"], &[]).expect(400).json();
        assert_eq!(replay["hint"], "Authorization code has been revoked");
        visitors.push(claims(&pair)["sub"].as_str().unwrap().to_owned());
    }
    assert!(visitors.iter().all(|name| name.starts_with("visitor:")) && visitors[0] != visitors[1], "{visitors:?}");
    // PKCE and redirect URI as anywhere.
    let bare = application.path(&[("code_challenge", ""), ("code_challenge_method", "")]);
    let bare = bare.replace("/authorize?", "/authorize-visitor?");
    assert_eq!(sent_back(&window.get(&bare).expect(303))["error"], "invalid_request");
    window.get(&path.replace("app%2Eexample", "evil%2Eexample")).expect(401);
    let of_back_office = Application::public(&organization, &[BACK]).id;
    let path = application.path(&[("client_id", &of_back_office)]).replace("/authorize?", "/authorize-visitor?");
    window.get(&path).expect(401);
    let answer = server.client().send(Method::POST, &path, |request| request);
    assert_eq!(answer.expect(405).header("allow"), "GET");
    let metadata = server.client().get("/oauth2-server").expect(200).json();
    let endpoint = format!("http://{}/oauth2-token/authorize-visitor", server.address);
    assert_eq!(metadata["visitor_authorization_endpoint"], endpoint.as_str());
}

/// "when on, visitors may use only listed resources"; off, there are none.
#[test]
fn without_visitors_there_is_no_code_for_them() {
    let organization = Organization::new();
    let application = application(&organization);
    let path = application.path(&[]).replace("/authorize?", "/authorize-visitor?");
    let told = sent_back(&Window::new(organization.server).get(&path).expect(303));
    assert_eq!((told["error"].as_str(), told["hint"].as_str()), ("access_denied", "Visitors have no access"));
    let metadata = organization.server.client().get("/oauth2-server").expect(200).json();
    assert_eq!(metadata.get("visitor_authorization_endpoint"), None);
}
