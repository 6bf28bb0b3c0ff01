//! What clients may be made with.

use entrepot::auth::Api;
use entrepot::auth::clients::{CodeSettings, Grant, NewClient, create_with};
use entrepot::auth::secret::ServerKey;

use crate::support::organization::Organization;
use crate::support::server::KEY;

/// A client's redirect URIs are checked when it is made, since a bad one would be believed afterwards.
#[test]
fn a_client_that_is_not_safe_is_not_made() {
    let organization = Organization::new();
    let key = ServerKey::parse(KEY).unwrap();
    let refusal = |grant: Grant, public: bool, code: &CodeSettings<'_>| -> String {
        organization.write(|conn| {
            let client = NewClient {
                id: None,
                name: "x",
                organization: organization.id(),
                grant,
                api: Api::Admin,
                owner: None,
                secret: None,
                public,
                networks: Default::default(),
            };
            Ok(create_with(conn, &key, &client, code).map(|_| String::new()).unwrap_or_else(|error| error.to_string()))
        })
    };
    let code = |uri| CodeSettings { redirect_uris: vec![uri], ..CodeSettings::default() };
    let of = |public, uri| refusal(Grant::AuthorizationCode, public, &code(uri));
    assert!(refusal(Grant::AuthorizationCode, true, &CodeSettings::default()).contains("needs a redirect URI"));
    assert!(refusal(Grant::Password, true, &code("https://app.example/")).contains("authorization_code"));
    assert!(of(false, "http://app.example/").contains("https"));
    assert!(of(false, "https://app.example/#top").contains("fragment"));
    assert!(of(false, "com.example.app:/done").contains("public clients"));
    assert!(of(true, "javascript:alert(1)").contains("scheme"));
    assert!(of(true, "app.example/done").contains("not absolute"));
    assert_eq!(of(true, "com.example.app:/done"), "");
    assert_eq!(of(true, "http://127.0.0.1/done"), "");
    assert_eq!(of(false, "https://app.example/done"), "");
}
