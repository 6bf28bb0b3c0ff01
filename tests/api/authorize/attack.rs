//! Attacks on who logs in, each by its name.

use std::sync::OnceLock;

use super::{Application, BACK, Window, form_token, guarded};
use crate::support::database;
use crate::support::organization::{Organization, PASSWORD};
use crate::support::server::TestServer;

/// A server whose only guests are attackers: they make everybody else at their address wait.
fn attacked() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(|| TestServer::start(database::shared(), "[database]\npool_size = 2"))
}

/// A form that another site sends in the user's browser: it has the browser's cookies, but cannot read a page.
#[test]
fn cross_site_request_forgery() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let path = application.path(&[]);
    let (victim, attacker) = (Window::new(organization.server), Window::new(organization.server));
    let shown = victim.log_in(&path, &organization.admin.username).expect(200);
    // The attacker's own page, of the same request and even of the same user.
    let own = attacker.log_in(&path, &organization.admin.username).expect(200);
    for forged in [vec![("action", "allow")], vec![("action", "allow"), ("form_token", &form_token(&own))]] {
        let answer = victim.post(&path, &forged).expect(403);
        assert!(answer.text.contains("Nothing was done"), "{}", answer.text);
    }
    // A token of another request: with it the victim would agree to what it has not seen.
    let other = application.path(&[("state", "other")]);
    victim.post(&other, &[("action", "allow"), ("form_token", &form_token(&shown))]).expect(403);
    // One that is altered, or whose time was prolonged.
    let token = form_token(&shown);
    let (_, mac) = token.split_once('.').unwrap();
    for altered in [format!("9999999999.{mac}"), format!("{token}A"), "1.".to_owned(), ".".to_owned()] {
        victim.post(&path, &[("action", "allow"), ("form_token", &altered)]).expect(403);
    }
    victim.press(&path, &shown, "allow").expect(303);
}

/// Another site logs the user in to the attacker's account, by a form with the attacker's name and password.
#[test]
fn login_forgery() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let path = application.path(&[]);
    let (victim, attacker) = (Window::new(organization.server), Window::new(organization.server));
    let token = form_token(&attacker.get(&path).expect(200));
    let login = [
        ("form_token", token.as_str()),
        ("username", &organization.admin.username),
        ("password", PASSWORD),
        ("action", "login"),
    ];
    // Without a cookie of its own, and with one.
    for _ in 0..2 {
        let answer = victim.post(&path, &login).expect(403);
        assert!(!answer.header("set-cookie").contains("entrepot-login"), "{}", answer.header("set-cookie"));
        victim.get(&path).expect(200);
    }
}

/// Consent that was shown to one user does not count for another who has logged in meanwhile.
#[test]
fn consent_of_another_user() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let path = application.path(&[]);
    let (window, other) = (Window::new(organization.server), organization.user_who_may(&serde_json::json!({})));
    let shown = window.log_in(&path, &organization.admin.username).expect(200);
    let page = window.press(&path, &shown, "switch").expect(303);
    assert_eq!(page.header("location"), path);
    window.log_in(&path, &other.username).expect(200);
    window.press(&path, &shown, "allow").expect(403);
}

/// A session of one organization, or an altered one, is none for the clients of another.
#[test]
fn session_of_another_organization() {
    let (here, there) = (Organization::new(), Organization::new());
    let (own, foreign) = (Application::public(&here, &[BACK]), Application::public(&there, &[BACK]));
    let window = Window::new(here.server);
    window.log_in(&own.path(&[]), &here.admin.username).expect(200);
    let page = window.get(&foreign.path(&[])).expect(200);
    assert!(page.text.contains("name=\"password\"") && !page.text.contains(&here.admin.username), "{}", page.text);
    window
        .cookies
        .borrow_mut()
        .entry("entrepot-login-admin".to_owned())
        .and_modify(|text| text.replace_range(30..31, "."));
    assert!(window.get(&own.path(&[])).expect(200).text.contains("name=\"password\""));
}

/// "A login page in a frame": the user presses a button that he does not see. And what a page may load or tell.
#[test]
fn clickjacking_and_leaks() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let pages = [
        window.get(&path).expect(200),
        window.log_in(&path, &organization.admin.username).expect(200),
        window.get(&application.path(&[("client_id", "nobody")])).expect(401),
    ];
    for page in &pages {
        let policy = page.header("content-security-policy");
        for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'sha256-"] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert!(!page.text.contains("<script") && !page.text.contains("onclick") && !page.text.contains("style="));
    }
    assert!(pages[0].header("content-security-policy").contains("form-action 'self' https://app.example;"));
    let back = window.press(&path, &pages[1], "allow").expect(303);
    for answer in pages.iter().chain([&back]) {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

/// The names of clients and organizations are texts that somebody has chosen.
#[test]
fn markup_in_names() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let path = application.path(&[("state", "\"><script>alert(1)</script>")]);
    let window = Window::new(organization.server);
    for page in [window.get(&path).expect(200), window.log_in(&path, &organization.admin.username).expect(200)] {
        assert!(!page.text.contains("<b>Order</b>") && !page.text.contains("<script>"), "{}", page.text);
        assert!(page.text.contains("Stock &#38; &#60;b&#62;Order&#60;/b&#62; app"), "{}", page.text);
    }
}

/// Cookies: out of reach of scripts, not sent along with another site's forms, over HTTPS only to this host and never in
/// clear.
#[test]
fn cookies_are_kept_close() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let page = window.get(&path).expect(200);
    let login = window.try_log_in(&path, &organization.admin.username, PASSWORD).expect(303);
    for cookie in [page.header("set-cookie"), login.header("set-cookie")] {
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    }
    assert!(login.header("set-cookie").contains("Max-Age=600"), "{}", login.header("set-cookie"));

    let settings = "[networks]\ntrusted_proxies = [\"127.0.0.1\"]";
    let behind = crate::support::server::TestServer::start(crate::support::database::shared(), settings);
    let page =
        behind.client().send(reqwest::Method::GET, &path, |request| request.header("X-Forwarded-Proto", "https"));
    let cookie = page.expect(200).header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("__Host-entrepot-form=") && cookie.contains("Secure") && cookie.ends_with("Path=/"),
        "{cookie}"
    );
}

/// Parameters and headers that would lead the browser elsewhere once it has logged in: it comes back to the page itself, on this
/// host, and from there to the client alone.
#[test]
fn open_redirect_by_the_login() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let mut path = application.path(&[]);
    for name in ["return", "return_to", "returnUrl", "next", "redirect", "target", "RelayState", "_target_path", "url"]
    {
        path.push_str(&format!("&{name}=https%3A%2F%2Fevil.example%2F"));
    }
    let window = Window::new(organization.server);
    let token = form_token(&window.get(&path).expect(200));
    let cookies: Vec<String> = window.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let sent = [
        ("form_token", token.as_str()),
        ("username", &organization.admin.username),
        ("password", PASSWORD),
        ("action", "login"),
        ("redirect_uri", "https://evil.example/"),
        ("return", "//evil.example/"),
    ];
    let hostile = window.client.send(reqwest::Method::POST, &path, |request| {
        request
            .header("Cookie", cookies.join("; "))
            .header("Host", "evil.example")
            .header("X-Forwarded-Host", "evil.example")
            .header("Referer", "https://evil.example/")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(super::form(&sent))
    });
    assert_eq!(hostile.expect(303).header("location"), path);
    let page = window.log_in(&path, &organization.admin.username).expect(200);
    let switched = window.press(&path, &page, "switch").expect(303);
    assert_eq!(switched.header("location"), path);
    let page = window.log_in(&path, &organization.admin.username).expect(200);
    let allowed = window.post(&path, &[("form_token", &form_token(&page)), ("action", "allow"), sent[4], sent[5]]);
    assert!(allowed.expect(303).header("location").starts_with(&format!("{BACK}&code=")));
    // Another path of the same server is none of the page's.
    for path in [format!("//evil.example{path}"), format!("/%2F/evil.example{path}")] {
        let answer = window.get(&path);
        assert!(answer.status >= 400 && answer.header("location").is_empty(), "{path}: {}", answer.status);
    }
}

/// Neither codes nor passwords nor states are in the log; that is held for the whole server by its own tests of the log.
/// Here: none of them is in a page either.
#[test]
fn secrets_in_pages() {
    let organization = Organization::on(guarded());
    let application = Application::public(&organization, &[BACK]);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let answer = window.try_log_in(&path, &organization.admin.username, "a wrong one").expect(400);
    assert!(!answer.text.contains("a wrong one"));
}

/// A user who was disabled is let in again: a browser that someone else had does not come in with him.
#[test]
fn login_that_outlives_the_account() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let path = application.path(&[]);
    let user = organization.user_who_may(&serde_json::json!({}));
    let window = Window::new(organization.server);
    window.log_in(&path, &user.username).expect(200);
    let change = |attributes: serde_json::Value, relationships: serde_json::Value| {
        let record = serde_json::json!({
            "type": "users", "id": user.id.to_string(), "attributes": attributes, "relationships": relationships,
        });
        let body = serde_json::json!({"data": record});
        organization.client().patch(&format!("/admin/api/users/{}", user.id), &body).expect(200);
    };
    let is_in = || !window.get(&path).expect(200).text.contains("name=\"password\"");
    change(serde_json::json!({"title": "Clerk"}), serde_json::json!({}));
    assert!(is_in(), "what has nothing to do with the account ends no login");
    change(serde_json::json!({"enabled": false}), serde_json::json!({}));
    assert!(!is_in());
    change(serde_json::json!({"enabled": true}), serde_json::json!({}));
    assert!(!is_in(), "the old login is good again");
    window.log_in(&path, &user.username).expect(200);
    assert!(is_in());
    for status in ["locked", "active"] {
        let status = crate::support::shop::one("userauthstatuses", status);
        change(serde_json::json!({}), serde_json::json!({"auth_status": status}));
        assert!(!is_in());
    }
}

/// Texts that are SQL in some place or other, in both fields of the form: a wrong name, and no fault of the server.
#[test]
fn sql_in_the_form() {
    let organization = Organization::on(attacked());
    let application = Application::public(&organization, &[BACK]);
    let path = application.path(&[]);
    let known = &organization.admin.username;
    let injected = ["' OR '1'='1", "'; DROP TABLE app_user; --", "\\' OR 1=1 --", "%", "_", "$1", "admin'/*", "\u{0}"];
    for text in injected.map(str::to_owned).into_iter().chain([format!("{known}'--"), format!("{known}\u{0}")]) {
        for (name, password) in [(text.as_str(), PASSWORD), (known.as_str(), text.as_str())] {
            let answer = Window::new(organization.server).try_log_in(&path, name, password);
            // Too many wrong names of one address have to wait.
            assert!([400, 429].contains(&answer.status), "{text:?}: {}", answer.status);
            assert!(!answer.header("set-cookie").contains("entrepot-login"), "{text:?}");
        }
    }
    // Nobody else has to wait for that.
    let other = Organization::new();
    let own = Application::public(&other, &[BACK]);
    Window::new(other.server).log_in(&own.path(&[]), &other.admin.username).expect(200);
}

/// A line break in a field gets into no header, and no page shows what it was given as markup.
#[test]
fn line_breaks_in_the_form() {
    let organization = Organization::on(attacked());
    let application = Application::public(&organization, &[BACK]);
    let path = application.path(&[("state", "a\r\nSet-Cookie: evil=1\r\n\r\n<script>")]);
    let window = Window::new(organization.server);
    let page = window.get(&path).expect(200);
    let token = form_token(&page);
    let login = |name: &str| {
        let pairs = [("form_token", token.as_str()), ("username", name), ("password", PASSWORD), ("action", "login")];
        window.post(&path, &pairs)
    };
    for name in ["a\r\nLocation: https://evil.example", "a\nSet-Cookie: evil=1", "<script>alert(1)</script>"] {
        let answer = login(name);
        assert!([400, 429].contains(&answer.status), "{}", answer.status);
        assert_eq!(answer.header("location"), "");
        assert!(!answer.header("set-cookie").contains("evil") && !answer.text.contains("<script>"), "{}", answer.text);
    }
    let denied = window.post(&path, &[("form_token", token.as_str()), ("action", "deny")]).expect(303);
    let location = denied.header("location");
    assert!(location.contains("%0D%0ASet-Cookie") && !denied.header("set-cookie").contains("evil"), "{location}");
}

/// Fields and forms beyond all measure are refused before a password is looked at.
#[test]
fn huge_fields() {
    let organization = Organization::on(attacked());
    let application = Application::public(&organization, &[BACK]);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let token = form_token(&window.get(&path).expect(200));
    for (name, password) in [(5_000_usize, 8), (8, 2_000), (20_000, 8), (8, 1 << 20)] {
        let (name, password) = ("n".repeat(name), "p".repeat(password));
        let pairs = [("form_token", token.as_str()), ("username", &name), ("password", &password), ("action", "login")];
        let answer = window.post(&path, &pairs);
        assert!([400, 429].contains(&answer.status), "{}", answer.status);
        assert!(answer.text.len() < 40_000 && !answer.text.contains(&password), "{} bytes", answer.text.len());
    }
    let many: Vec<(String, String)> = (0..500).map(|n| (format!("field{n}"), "x".to_owned())).collect();
    let pairs: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!([400, 403].contains(&window.post(&path, &pairs).status));
    assert!(window.log_in(&path, &organization.admin.username).text.contains("name=\"action\""));
}
