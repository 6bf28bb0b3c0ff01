use serde_json::json;

use crate::support::organization::Organization;
use crate::support::server::TestServer;

#[test]
fn an_organization_of_a_test_has_users_with_tokens_of_their_own() {
    let organization = Organization::new();
    let unit = organization.unit(Some(organization.first.business_unit));
    let role = organization.role(&json!({"products": {"VIEW": "user"}}));
    let user = organization.user(unit, &[&role]);
    let other = organization.user_who_may(&json!({}));
    assert_ne!(user.id, other.id);
    assert_ne!(organization.id(), Organization::on(TestServer::shared()).id());
    assert_ne!(organization.storefront_user().client_id, organization.admin.client_id);
}
