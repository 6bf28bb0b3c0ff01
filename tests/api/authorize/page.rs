//! The pages themselves: for people with small screens, screen readers and password managers.

use super::{Application, BACK, Window, guarded};
use crate::support::organization::Organization;

#[test]
fn every_field_has_a_label_and_says_what_it_is_for() {
    let organization = Organization::on(guarded());
    let application = Application::public(&organization, &[BACK]);
    let (window, path) = (Window::new(organization.server), application.path(&[]));
    let page = window.get(&path).expect(200).text;
    for part in [
        "<html lang=\"en\">",
        "name=\"viewport\" content=\"width=device-width, initial-scale=1\"",
        "<title>Log in - Entrepot</title>",
        "<label for=\"username\">",
        "<label for=\"password\">",
        "autocomplete=\"username\"",
        "autocomplete=\"current-password\"",
        "autocapitalize=\"none\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(page.matches("<h1>").count(), 1);
    let wrong = window.try_log_in(&path, "nobody", "wrong password").text;
    assert!(
        wrong.contains("id=\"problem\" role=\"alert\"") && wrong.contains("aria-describedby=\"problem\""),
        "{wrong}"
    );
}

/// The user sees who asks, as whom he is logged in, and where he will be sent.
#[test]
fn the_consent_page_says_what_is_asked() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let page =
        Window::new(organization.server).log_in(&application.path(&[]), &organization.admin.username).expect(200);
    for part in [
        "Order",
        organization.admin.username.as_str(),
        "Organization-",
        "app.example",
        "value=\"allow\"",
        "value=\"deny\"",
        "value=\"switch\"",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
}
