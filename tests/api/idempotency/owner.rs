use reqwest::Method;
use serde_json::json;

use super::{GROUPS, group, groups, is_replay, key, send};
use crate::support::organization::{Organization, unique};

/// "Keys belong to the client that sent them", to its organization and to whom it acts as.
#[test]
fn another_caller_has_keys_of_its_own() {
    let organization = Organization::new();
    let role = json!({"*": {"VIEW": "organization", "CREATE": "organization"}});
    let (colleague, stranger) = (organization.user_who_may(&role), Organization::new());
    let key = key();
    let name = unique("Each");
    let ids = [organization.client(), &colleague.client, stranger.client()].map(|client| {
        let body = group(&format!("{name}-{}", unique("of")));
        let first = send(client, Method::POST, GROUPS, &key, &body).expect(201);
        assert!(!is_replay(&first));
        assert!(is_replay(&send(client, Method::POST, GROUPS, &key, &body).expect(201)));
        first.id()
    });
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
}

/// A replay is given to a caller who may still come in.
#[test]
fn whoever_was_shut_out_gets_no_replay() {
    let organization = Organization::new();
    let role = json!({"customergroups": {"VIEW": "organization", "CREATE": "organization"}});
    let user = organization.user_who_may(&role);
    let (name, key) = (unique("Shut"), key());
    send(&user.client, Method::POST, GROUPS, &key, &group(&name)).expect(201);
    let disabled = json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {"enabled": false}}});
    organization.client().patch(&format!("/admin/api/users/{}", user.id), &disabled).expect(200);
    assert_eq!(send(&user.client, Method::POST, GROUPS, &key, &group(&name)).expect(401).text, "");
    assert_eq!(groups(organization.client(), &name), 1);
}
