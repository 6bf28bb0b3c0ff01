//! The flow as a standard OAuth 2 client library drives it.

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, HttpRequest, HttpResponse, IntrospectionUrl, PkceCodeChallenge,
    RedirectUrl, RequestTokenError, RevocationUrl, StandardRevocableToken, TokenIntrospectionResponse, TokenResponse,
    TokenUrl,
};

use super::{Application, BACK, Window, sent_back};
use crate::support::organization::Organization;

fn http(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = crate::support::client::http().build()?.execute(request.try_into()?)?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes()?.to_vec();
    Ok(answer)
}

/// A public client finds its endpoints by the metadata, logs a user in, and gives its tokens back.
#[test]
fn from_the_metadata_to_the_revocation() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let metadata = "/.well-known/oauth-authorization-server/admin/oauth2-server";
    let metadata = organization.server.client().get(metadata).expect(200).json();
    let endpoint = |name: &str| metadata[name].as_str().unwrap().to_owned();
    let client = BasicClient::new(ClientId::new(application.id.clone()))
        .set_auth_uri(AuthUrl::new(endpoint("authorization_endpoint")).unwrap())
        .set_token_uri(TokenUrl::new(endpoint("token_endpoint")).unwrap())
        .set_redirect_uri(RedirectUrl::new(BACK.to_owned()).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge).url();
    let path = url.as_str().strip_prefix(&format!("http://{}", organization.server.address)).unwrap();

    let window = Window::new(organization.server);
    let page = window.log_in(path, &organization.admin.username).expect(200);
    let told = sent_back(&window.press(path, &page, "allow").expect(303));
    assert_eq!((&told["state"], &told["iss"]), (state.secret(), &endpoint("issuer")));

    let code = AuthorizationCode::new(told["code"].clone());
    let pair = client.exchange_code(code.clone()).set_pkce_verifier(verifier).request(&http).unwrap();
    let probe = |token: &str| organization.server.client().with_token(token).get("/admin/api/businessunits").status;
    let next = client.exchange_refresh_token(pair.refresh_token().unwrap()).request(&http).unwrap();
    assert_eq!((probe(pair.access_token().secret()), probe(next.access_token().secret())), (401, 200));

    let revoking = client.clone().set_revocation_url(RevocationUrl::new(endpoint("revocation_endpoint")).unwrap());
    // The library insists on HTTPS for revocation; the request itself is what it would send.
    assert!(revoking.revoke_token(StandardRevocableToken::from(next.refresh_token().unwrap())).is_err());
    let sent = [("client_id", application.id.as_str()), ("token", next.refresh_token().unwrap().secret())];
    super::post(&organization.server.client(), "/admin/oauth2-token/revoke", &sent).expect(200);
    assert_eq!(probe(next.access_token().secret()), 401);

    match client.exchange_code(code).request(&http) {
        Err(RequestTokenError::ServerResponse(refusal)) => assert_eq!(refusal.error().as_ref(), "invalid_grant"),
        other => panic!("{other:?}"),
    }
}

/// A confidential client asks about the token that it was given.
#[test]
fn introspection() {
    let organization = Organization::new();
    let application = Application::confidential(&organization, &[BACK]);
    let window = Window::new(organization.server);
    let code = window.code(&application.path(&[]), &organization.admin.username);
    let pair = application.exchange(organization.server, &code, &[]).expect(200).json();
    let url = format!("http://{}/oauth2-token/introspect", organization.server.address);
    let client = BasicClient::new(ClientId::new(application.id.clone()))
        .set_client_secret(oauth2::ClientSecret::new(application.secret.clone().unwrap()))
        .set_introspection_url(IntrospectionUrl::new(url).unwrap());
    let token = oauth2::AccessToken::new(pair["access_token"].as_str().unwrap().to_owned());
    let told = client.introspect(&token).request(&http).unwrap();
    assert!(told.active());
    assert_eq!(told.username(), Some(organization.admin.username.as_str()));
    assert_eq!(told.client_id().map(|id| id.as_str()), Some(application.id.as_str()));
}
