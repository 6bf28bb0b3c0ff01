//! API10: what other services answer, believed.

/// The server asks no other service: among what it is built of there is no HTTP client. Whoever adds one adds the tests that
/// belong here: timeouts, sizes, redirects, certificates, answers off their schema.
#[test]
fn answers_of_other_services() {
    let manifest = include_str!("../../../Cargo.toml");
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    for client in ["reqwest", "hyper", "awc", "ureq", "isahc", "curl", "surf"] {
        let named = dependencies.lines().any(|line| line.split([' ', '.', '=']).next() == Some(client));
        assert!(!named, "{client}");
    }
    assert!(!dependencies.contains("\"client\""), "oauth2 and others bring clients as a feature");
}
