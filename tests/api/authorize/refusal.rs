//! What gets no code, and where it is told: to the user, as long as client and redirect URI are not both good.

use serde_json::json;

use super::{Application, BACK, PATH, Window, form, guarded, sent_back};
use crate::support::client::Answer;
use crate::support::organization::Organization;

#[track_caller]
fn a_page(answer: Answer, words: &str) {
    let answer = answer.expect(401);
    assert_eq!(answer.header("www-authenticate"), "Basic realm=\"OAuth\"");
    assert_eq!((answer.header("location"), answer.header("content-type")), ("", "text/html; charset=utf-8"));
    assert!(answer.text.contains(words), "{}", answer.text);
}

/// "Bad client or redirect URI -> 401 with `WWW-Authenticate: Basic realm="OAuth"`."
#[test]
fn a_bad_client_is_told_to_the_user() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let window = Window::new(organization.server);
    a_page(window.get(&application.path(&[("client_id", "nobody")])), "client_id");
    a_page(window.get(&application.path(&[("client_id", "")])), "client_id");
    // One of another grant.
    a_page(window.get(&application.path(&[("client_id", &organization.admin.client_id)])), "client_id");
    // The other API has its own.
    let storefront = application.path(&[]).replace("/admin", "");
    a_page(window.get(&storefront), "client_id");
    organization.write(|conn| entrepot::auth::clients::revoke(conn, &application.id));
    a_page(window.get(&application.path(&[])), "client_id");
    a_page(window.post(&application.path(&[]), &[("action", "allow")]), "client_id");
}

/// RFC 9700, 4.1.3: "authorization servers MUST ensure that the two URIs are equal" (simple string comparison).
#[test]
fn a_bad_redirect_uri_is_told_to_the_user() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK, "http://127.0.0.1/done"]);
    let window = Window::new(organization.server);
    for uri in [
        "https://evil.example/",
        "https://app.example/done",
        "https://app.example/done?from=here&more=1",
        "https://app.example/done?from=here#fragment",
        "https://app.example/done/../done?from=here",
        "https://app.example.evil.example/done?from=here",
        "https://app.example@evil.example/done?from=here",
        "https://app.example/done?from=here\r\nSet-Cookie: a=b",
        "https://APP.example/done?from=here",
        "HTTPS://app.example/done?from=here",
        "https://app.example:443/done?from=here",
        "https://app.example:8443/done?from=here",
        "https://user@app.example/done?from=here",
        "https://user:pass@app.example/done?from=here",
        "https://app.example./done?from=here",
        "https://app.example/done/?from=here",
        "https://app.example/Done?from=here",
        "https://app.example/%64one?from=here",
        "https://app.example/done?from=%68ere",
        "https://app.example/done%3Ffrom=here",
        "https://app.example//done?from=here",
        "https://app.example\\done?from=here",
        "https://app.example/done?from=here#",
        "https://app.example/done?from=here%00",
        "https://app.example/done?from=here ",
        " https://app.example/done?from=here",
        "https:app.example/done?from=here",
        "http://app.example/done?from=here",
        "http://127.0.0.1/done/",
        "http://127.0.0.1/done?",
        "http://127.0.0.1:51004/done#x",
        "http://user@127.0.0.1:51004/done",
        "http://127.0.0.1:51004@evil.example/done",
        "http://0x7f.0.0.1:51004/done",
        "http://2130706433/done",
        "http://[::ffff:127.0.0.1]:51004/done",
        "http://127.0.0.1:0051004/done",
        "https://127.0.0.1:51004/done",
        "//evil.example/done?from=here",
        "/done?from=here",
        "javascript:alert(1)",
        "http://127.0.0.1:80\\@evil.example/done",
        "http://127.0.0.1.evil.example/done",
        "http://localhost:51004/done",
        "http://127.0.0.1:51004/done?x",
    ] {
        a_page(window.get(&application.path(&[("redirect_uri", uri)])), "redirect_uri");
    }
    // Two are registered: which one, the request has to say.
    a_page(window.get(&application.path(&[("redirect_uri", "")])), "redirect_uri");
    window.get(&application.path(&[("redirect_uri", "http://127.0.0.1:51004/done")])).expect(200);
    // A confidential client is no program on the user's machine.
    let server = Application::confidential(&organization, &["http://127.0.0.1/done"]);
    a_page(window.get(&server.path(&[("redirect_uri", "http://127.0.0.1:51004/done")])), "redirect_uri");
}

/// RFC 6749, 4.1.2.1: any other fault is told to the client.
#[test]
fn any_other_fault_is_told_to_the_client() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let window = Window::new(organization.server);
    type Changed<'a> = &'a [(&'a str, &'a str)];
    let cases: &[(Changed<'_>, &str, &str)] = &[
        (&[("response_type", "")], "invalid_request", "response_type"),
        (&[("response_type", "token")], "unsupported_response_type", "`code`"),
        (&[("response_mode", "fragment")], "invalid_request", "response_mode"),
        (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request", "public clients"),
        (&[("code_challenge", "")], "invalid_request", "code_challenge"),
        (&[("code_challenge", "short")], "invalid_request", "RFC-7636"),
        (&[("code_challenge_method", "S512")], "invalid_request", "S256"),
        (&[("code_challenge_method", "s256")], "invalid_request", "S256"),
    ];
    for (changed, error, hint) in cases {
        for back in [window.get(&application.path(changed)), window.post(&application.path(changed), &[])] {
            let back = back.expect(303);
            assert!(back.header("location").starts_with(BACK), "{changed:?}");
            let told = sent_back(&back);
            assert_eq!(told["error"], *error, "{changed:?}");
            assert!(told["hint"].contains(hint), "{told:?}");
            assert_eq!((told["state"].as_str(), &told["message"]), ("a b&c=d", &told["error_description"]));
            assert!(told["iss"].ends_with("/admin/oauth2-server"));
        }
    }
}

/// RFC 6749, 3.1: "Request and response parameters MUST NOT be included more than once."
#[test]
fn a_parameter_sent_twice_is_told_to_the_user() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let twice = format!("{}&{}", application.path(&[]), form(&[("redirect_uri", "https://evil.example/")]));
    let answer = Window::new(organization.server).get(&twice).expect(400);
    assert!(answer.text.contains("redirect_uri") && answer.header("location").is_empty(), "{}", answer.text);
    Window::new(organization.server).get(&format!("{PATH}?client_id=%ff")).expect(400);
}

/// Each wrong login says what is wrong, keeps the name and forgets the password.
#[test]
fn a_wrong_login_says_what_is_wrong() {
    let organization = Organization::on(guarded());
    let application = Application::public(&organization, &[BACK]);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let name = &organization.admin.username;
    let try_log_in = |name: &str, password: &str| window.try_log_in(&path, name, password);
    let wrong = "The name or the password is wrong.";
    for (answer, problem) in [
        (try_log_in("", ""), "Enter your name."),
        (try_log_in(name, ""), "Enter your password."),
        (try_log_in(name, "wrong password"), wrong),
        (try_log_in("nobody <script>", "wrong password"), wrong),
    ] {
        let page = answer.expect(400);
        assert!(page.text.contains(&format!("role=\"alert\">{problem}<")), "{problem}: {}", page.text);
        assert!(!page.text.contains("wrong password\"") && !page.text.contains("<script>"), "{}", page.text);
        super::form_token(&page);
    }
    assert!(try_log_in(name, "wrong password").text.contains(&format!("value=\"{name}\"")));
    // A user of another organization does not exist for the client.
    let stranger = Organization::new();
    let answer = window.try_log_in(&path, &stranger.admin.username, crate::support::organization::PASSWORD);
    assert!(answer.expect(400).text.contains(wrong));
}

/// "disabled/locked account: hint `Account is disabled.`"; told only to who has the password.
#[test]
fn a_disabled_user_cannot_log_in() {
    let organization = Organization::on(guarded());
    let application = Application::public(&organization, &[BACK]);
    let user = organization.user_who_may(&json!({}));
    let body = json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {"enabled": false}}});
    organization.client().patch(&format!("/admin/api/users/{}", user.id), &body).expect(200);
    let window = Window::new(organization.server);
    let answer = window.try_log_in(&application.path(&[]), &user.username, crate::support::organization::PASSWORD);
    assert!(answer.expect(400).text.contains("Account is disabled."));
    let answer = window.try_log_in(&application.path(&[]), &user.username, "wrong password");
    assert!(!answer.expect(400).text.contains("disabled"));
}

/// Passwords are guessed here no faster than at the token endpoint, and failures at one count at the other.
#[test]
fn guessing_is_slowed() {
    let organization = Organization::on(guarded());
    let application = Application::public(&organization, &[BACK]);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let user = organization.user_who_may(&json!({}));
    let page = window.get(&path).expect(200);
    let token = super::form_token(&page);
    let guess = || {
        let sent =
            [("form_token", token.as_str()), ("username", &user.username), ("password", "guess"), ("action", "login")];
        window.post(&path, &sent)
    };
    let slowed = (0..8).map(|_| guess()).find(|answer| answer.status == 429).expect_slowed();
    assert!(!slowed.header("retry-after").is_empty());
    assert!(slowed.text.contains("too many attempts"), "{}", slowed.text);
}

trait ExpectSlowed {
    fn expect_slowed(self) -> Answer;
}

impl ExpectSlowed for Option<Answer> {
    fn expect_slowed(self) -> Answer {
        self.unwrap_or_else(|| panic!("nobody was slowed"))
    }
}

/// With the API off there is no page, as nothing else of it.
#[test]
fn where_the_api_is_off_there_is_no_page() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let settings = "[api.admin]\nenabled = false";
    let off = crate::support::server::TestServer::start(crate::support::database::shared(), settings);
    off.client().get(&application.path(&[])).expect(404);
}
