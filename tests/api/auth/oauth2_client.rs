//! The endpoint as a standard OAuth 2 client library meets it.

use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, RefreshToken, RequestTokenError,
    ResourceOwnerPassword, ResourceOwnerUsername, TokenResponse, TokenUrl,
};

use super::{PROBE, password_client};
use crate::support::client;
use crate::support::organization::{Organization, PASSWORD};

fn http(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = client::http().build()?.execute(request.try_into()?)?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes()?.to_vec();
    Ok(answer)
}

macro_rules! client {
    ($organization:expr, $id:expr, $secret:expr) => {
        BasicClient::new(ClientId::new($id.clone()))
            .set_client_secret(ClientSecret::new($secret.clone()))
            .set_token_uri(TokenUrl::new(format!("http://{}/oauth2-token", $organization.server.address)).unwrap())
    };
}

#[test]
fn client_credentials() {
    let organization = Organization::new();
    let user = &organization.admin;
    for auth in [AuthType::BasicAuth, AuthType::RequestBody] {
        let client = client!(organization, user.client_id, user.client_secret).set_auth_type(auth);
        let answer = client.exchange_client_credentials().request(&http).unwrap();
        assert_eq!(answer.expires_in().unwrap().as_secs(), 3600);
        assert!(answer.refresh_token().is_none());
        organization.server.client().with_token(answer.access_token().secret()).get(PROBE).expect(200);
    }
}

#[test]
fn password_and_refresh() {
    let organization = Organization::new();
    let (id, secret) = password_client(&organization);
    let client = client!(organization, id, secret);
    let (name, password) = (
        ResourceOwnerUsername::new(organization.admin.username.clone()),
        ResourceOwnerPassword::new(PASSWORD.to_owned()),
    );
    let first = client.exchange_password(&name, &password).request(&http).unwrap();
    let second = client.exchange_refresh_token(first.refresh_token().unwrap()).request(&http).unwrap();
    organization.server.client().with_token(second.access_token().secret()).get(PROBE).expect(200);
    let unknown = RefreshToken::new("unknown".to_owned());
    match client.exchange_refresh_token(&unknown).request(&http) {
        Err(RequestTokenError::ServerResponse(refusal)) => assert_eq!(refusal.error().as_ref(), "invalid_grant"),
        other => panic!("{other:?}"),
    }
}
