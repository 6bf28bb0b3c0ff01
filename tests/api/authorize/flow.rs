//! The way through.

use reqwest::Method;

use super::{Application, BACK, VERIFIER, Window, code_settings, form, sent_back};
use crate::support::organization::Organization;

const PROBE: &str = "/admin/api/businessunits";

/// "`authorization_code` with PKCE S256 (obligatory for public clients)"; RFC 9207: "an authorization server supporting this
/// specification MUST indicate its identity by including the `iss` parameter in the response".
#[test]
fn a_user_logs_in_agrees_and_the_client_gets_a_pair() {
    let organization = Organization::new();
    for application in [Application::public(&organization, &[BACK]), Application::confidential(&organization, &[BACK])]
    {
        let window = Window::new(organization.server);
        let path = application.path(&[]);
        let page = window.log_in(&path, &organization.admin.username).expect(200);
        let back = window.press(&path, &page, "allow").expect(303);
        assert!(back.header("location").starts_with(&format!("{BACK}&code=")), "{}", back.header("location"));
        let told = sent_back(&back);
        assert_eq!(told["state"], "a b&c=d");
        assert_eq!(told["iss"], format!("http://{}/admin/oauth2-server", organization.server.address));
        let pair = application.exchange(organization.server, &told["code"], &[]).expect(200);
        assert_eq!(pair.header("cache-control"), "no-store");
        let pair = pair.json();
        assert_eq!((pair["token_type"].as_str(), pair["expires_in"].as_i64()), (Some("Bearer"), Some(3600)));
        let token = pair["access_token"].as_str().unwrap();

        // The old token is not used before: what a token stands for is remembered for some seconds.
        let mut again = vec![
            ("grant_type", "refresh_token"),
            ("client_id", &application.id),
            ("refresh_token", pair["refresh_token"].as_str().unwrap()),
        ];
        again.extend(application.secret.as_ref().map(|secret| ("client_secret", secret.as_str())));
        let next = super::post(&organization.server.client(), "/oauth2-token", &again).expect(200).json();
        organization.server.client().with_token(next["access_token"].as_str().unwrap()).get(PROBE).expect(200);
        organization.server.client().with_token(token).get(PROBE).expect(401);
    }
}

/// The token acts as who logged in, not as who made the client.
#[test]
fn the_token_has_the_rights_of_the_user() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let user = organization.user_who_may(&serde_json::json!({"products": {"VIEW": "organization"}}));
    let code = Window::new(organization.server).code(&application.path(&[]), &user.username);
    let pair = application.exchange(organization.server, &code, &[]).expect(200).json();
    let client = organization.server.client().with_token(pair["access_token"].as_str().unwrap());
    client.get("/admin/api/products").expect(200);
    client.get("/admin/api/orders").expect(403);
}

/// "Denial redirects with `error=access_denied`, `error_description`, `hint`, `message`."
#[test]
fn a_user_can_deny_before_and_after_the_login() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let login = window.get(&path).expect(200);
    let denied = [window.press(&path, &login, "deny").expect(303), {
        let page = window.log_in(&path, &organization.admin.username).expect(200);
        window.press(&path, &page, "deny").expect(303)
    }];
    for back in denied {
        let told = sent_back(&back);
        assert_eq!((told["error"].as_str(), told["hint"].as_str()), ("access_denied", "The user denied the request"));
        assert_eq!(told["error_description"], told["message"]);
        assert_eq!(told["state"], "a b&c=d");
        assert!(told["iss"].ends_with("/admin/oauth2-server") && !told.contains_key("code"), "{told:?}");
    }
}

/// Who has agreed once is not asked again, while the login lasts; another client asks for itself.
#[test]
fn agreement_is_remembered_for_a_client() {
    let organization = Organization::new();
    let (one, two) = (Application::public(&organization, &[BACK]), Application::public(&organization, &[BACK]));
    let window = Window::new(organization.server);
    window.code(&one.path(&[]), &organization.admin.username);
    let back = window.get(&one.path(&[])).expect(303);
    assert!(sent_back(&back).contains_key("code"));
    assert!(window.get(&two.path(&[])).expect(200).text.contains("value=\"allow\""));
    // Another window: the login is asked for, the agreement is not.
    let other = Window::new(organization.server);
    assert!(sent_back(&other.log_in(&one.path(&[]), &organization.admin.username).expect(303)).contains_key("code"));
    // Another user is asked.
    let user = organization.user_who_may(&serde_json::json!({}));
    Window::new(organization.server).log_in(&one.path(&[]), &user.username).expect(200);
}

/// RFC 8252, 8.6: "the authorization server SHOULD NOT process authorization requests automatically without user consent or
/// interaction, except when the identity of the client can be assured".
#[test]
fn a_program_on_the_users_machine_asks_each_time() {
    let organization = Organization::new();
    let application = Application::public(&organization, &["http://127.0.0.1/done", "com.example.app:/done"]);
    for uri in ["http://127.0.0.1:51004/done", "com.example.app:/done"] {
        let (window, path) = (Window::new(organization.server), application.path(&[("redirect_uri", uri)]));
        let code = window.code(&path, &organization.admin.username);
        window.get(&path).expect(200);
        application.exchange(organization.server, &code, &[("redirect_uri", uri)]).expect(200);
    }
}

/// "`skipAuthorizeClientAllowed`".
#[test]
fn a_client_that_the_operator_trusts_needs_no_agreement() {
    let organization = Organization::new();
    let settings = entrepot::auth::clients::CodeSettings { skip_consent: true, ..code_settings(&[BACK]) };
    let application = Application::with(&organization, false, settings);
    let window = Window::new(organization.server);
    let back = window.log_in(&application.path(&[]), &organization.admin.username).expect(303);
    application.exchange(organization.server, &sent_back(&back)["code"], &[]).expect(200);
}

#[test]
fn another_account_can_be_used() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let user = organization.user_who_may(&serde_json::json!({}));
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let page = window.log_in(&path, &user.username).expect(200);
    assert!(page.text.contains(&user.username));
    let answer = window.press(&path, &page, "switch").expect(303);
    assert_eq!(answer.header("location"), path);
    let page = window.log_in(&path, &organization.admin.username).expect(200);
    assert!(page.text.contains(&organization.admin.username) && !page.text.contains(&user.username));
}

/// "redirect_uri?": a client with one URI need not name it, at neither end.
#[test]
fn the_only_redirect_uri_may_be_left_out() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let path = application.path(&[("redirect_uri", ""), ("state", "")]);
    let window = Window::new(organization.server);
    let code = window.code(&path, &organization.admin.username);
    application.exchange(organization.server, &code, &[("redirect_uri", "")]).expect(200);
    let back = window.get(&path).expect(303);
    assert!(back.header("location").starts_with(BACK) && !sent_back(&back).contains_key("state"));
    let code = sent_back(&back).remove("code").unwrap();
    application.exchange(organization.server, &code, &[("redirect_uri", "https://other.example/")]).expect(400);
    application.exchange(organization.server, &code, &[]).expect(200);
}

/// "plain only if the client allows it"; RFC 7636: without a method it is plain.
#[test]
fn plain_challenges_are_for_those_who_are_allowed_them() {
    let organization = Organization::new();
    let settings = entrepot::auth::clients::CodeSettings { plain_pkce: true, ..code_settings(&[BACK]) };
    let application = Application::with(&organization, true, settings);
    for method in ["plain", ""] {
        let path = application.path(&[("code_challenge", VERIFIER), ("code_challenge_method", method)]);
        let window = Window::new(organization.server);
        let back = match window.log_in(&path, &organization.admin.username) {
            page if page.status == 200 => window.press(&path, &page, "allow").expect(303),
            back => back,
        };
        application.exchange(organization.server, &sent_back(&back)["code"], &[]).expect(200);
    }
    let strict = Application::public(&organization, &[BACK]);
    for method in ["plain", ""] {
        let path = strict.path(&[("code_challenge", VERIFIER), ("code_challenge_method", method)]);
        let told = sent_back(&Window::new(organization.server).get(&path).expect(303));
        assert_eq!(
            (told["error"].as_str(), told["hint"].as_str()),
            ("invalid_request", "Code challenge method must be `S256`")
        );
    }
}

/// A browser that leaves the login page open goes on where it was; its address never holds a name or a password.
#[test]
fn forms_are_sent_to_the_same_address_and_hold_the_secrets() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let page = Window::new(organization.server).get(&application.path(&[])).expect(200);
    let action = page.text.split_once("action=\"").unwrap().1.split('"').next().unwrap();
    let action = action.replace("&#38;", "&").replace("&amp;", "&");
    assert_eq!(action, application.path(&[]));
    assert!(page.text.contains("method=\"post\""));
    let answer = organization.server.client().send(Method::PUT, &application.path(&[]), |request| request);
    assert_eq!(answer.expect(405).header("allow"), "GET, POST");
    assert!(form(&[("a b", "c&d")]).contains("a%20b=c%26d"));
}
