//! Tokens that clients give back (RFC 7009) and ask about (RFC 7662).

use entrepot::auth::clients;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PROBE, ask, ask_at, claims, log_in, member, password_client, refresh};
use crate::support::client::Answer;
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;

fn revoke(organization: &Organization, (id, secret): &(String, String), token: &str) -> Answer {
    let parameters = [("token", token), ("client_id", id), ("client_secret", secret)];
    ask_at(&organization.server.client(), "/oauth2-token/revoke", &parameters)
}

fn introspect(organization: &Organization, (id, secret): &(String, String), token: &str) -> Answer {
    let parameters = [("token", token), ("client_id", id), ("client_secret", secret)];
    ask_at(&organization.server.client(), "/oauth2-token/introspect", &parameters)
}

fn own_client(organization: &Organization) -> (String, String) {
    (organization.admin.client_id.clone(), organization.admin.client_secret.clone())
}

/// RFC 7009: "the authorization server invalidates the token"; here at once in the process that was asked.
#[test]
fn a_revoked_access_token_is_refused_at_once() {
    let organization = Organization::new();
    let client = password_client(&organization);
    let pair = log_in(&organization, &client, &organization.admin).expect(200);
    let bearer = organization.server.client().with_token(&member(&pair, "access_token"));
    bearer.get(PROBE).expect(200);
    let answer = revoke(&organization, &client, &member(&pair, "access_token")).expect(200);
    assert_eq!((answer.text.as_str(), answer.header("cache-control")), ("", "no-store"));
    bearer.get(PROBE).expect(401);
    // The refresh token is another token.
    refresh(&organization, &client, &member(&pair, "refresh_token")).expect(200);
}

/// "If the particular token is a refresh token and the authorization server supports the revocation of access tokens, then
/// the authorization server SHOULD also invalidate all access tokens based on the same authorization grant."
#[test]
fn a_revoked_refresh_token_ends_the_whole_login() {
    let organization = Organization::new();
    let client = password_client(&organization);
    let pair = log_in(&organization, &client, &organization.admin).expect(200);
    let other = log_in(&organization, &client, &organization.admin).expect(200);
    let bearer = organization.server.client().with_token(&member(&pair, "access_token"));
    bearer.get(PROBE).expect(200);
    revoke(&organization, &client, &member(&pair, "refresh_token")).expect(200);
    bearer.get(PROBE).expect(401);
    refresh(&organization, &client, &member(&pair, "refresh_token")).expect(400);
    refresh(&organization, &client, &member(&other, "refresh_token")).expect(200);
}

/// "invalid tokens do not cause an error response".
#[test]
fn a_token_that_is_none_is_revoked_already() {
    let organization = Organization::new();
    let client = own_client(&organization);
    for token in ["unknown", "a.b.c", "ä"] {
        revoke(&organization, &client, token).expect(200);
    }
    let answer = ask_at(
        &organization.server.client(),
        "/oauth2-token/revoke",
        &[("client_id", &client.0), ("client_secret", &client.1)],
    );
    assert_eq!(answer.expect(400).json()["hint"], "Check the `token` parameter");
}

/// Whoever has nothing to give back costs nobody anything: what the server remembers of callers stays. It does so for seconds
/// only, so on a busy machine this may need more than one try.
#[test]
fn a_token_that_is_none_makes_nobody_be_read_again() {
    let server = TestServer::lasting(database::shared(), "[database]\npool_size = 2");
    let organization = Organization::on(server);
    let client = own_client(&organization);
    let remembered = || {
        let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
        user.client.get(PROBE).expect(200);
        organization.write(|conn| clients::revoke(conn, &user.client_id));
        revoke(&organization, &client, "unknown").expect(200);
        user.client.get(PROBE).status == 200
    };
    assert!((0..5).any(|_| remembered()));
}

/// "The authorization server first validates the client credentials and then verifies whether the token was issued to the
/// client making the revocation request."
#[test]
fn a_client_revokes_its_own_tokens_only() {
    let organization = Organization::new();
    let (client, thief) = (password_client(&organization), password_client(&organization));
    let pair = log_in(&organization, &client, &organization.admin).expect(200);
    for token in ["access_token", "refresh_token"] {
        let token = member(&pair, token);
        let answer = revoke(&organization, &thief, &token).expect(400).json();
        assert_eq!(
            (&answer["error"], &answer["hint"]),
            (&json!("invalid_grant"), &json!("Token is not linked to client"))
        );
        let wrong = (client.0.clone(), "wrong".to_owned());
        assert_eq!(revoke(&organization, &wrong, &token).expect(401).json()["error"], "invalid_client");
    }
    organization.server.client().with_token(&member(&pair, "access_token")).get(PROBE).expect(200);
    refresh(&organization, &client, &member(&pair, "refresh_token")).expect(200);
}

#[test]
fn a_client_learns_whose_a_token_is() {
    let organization = Organization::new();
    let (client, asker) = (password_client(&organization), own_client(&organization));
    let pair = log_in(&organization, &client, &organization.admin).expect(200);
    let issuer = format!("http://{}/admin/oauth2-server", organization.server.address);
    let access = member(&pair, "access_token");
    let told = introspect(&organization, &asker, &access).expect(200);
    assert_eq!(told.header("cache-control"), "no-store");
    let (told, said) = (told.json(), claims(&access));
    assert_eq!(told["active"], true);
    assert_eq!((&told["client_id"], &told["username"]), (&json!(client.0), &json!(organization.admin.username)));
    assert_eq!((&told["token_type"], &told["iss"]), (&json!("Bearer"), &json!(issuer)));
    for name in ["exp", "iat", "nbf", "jti", "sub", "aud"] {
        assert_eq!(told[name], said[name], "{name}");
    }
    let told = introspect(&organization, &asker, &member(&pair, "refresh_token")).expect(200).json();
    assert_eq!((&told["active"], &told["username"]), (&json!(true), &json!(organization.admin.username)));
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 2_592_000);

    let by_client = ask(
        &organization.server.client(),
        &[("grant_type", "client_credentials"), ("client_id", &asker.0), ("client_secret", &asker.1)],
    );
    let told = introspect(&organization, &client, &member(&by_client, "access_token")).expect(200).json();
    assert_eq!((&told["active"], told.get("username")), (&json!(true), None));
}

/// RFC 7662: "If the token is not active, does not exist on this server, or the protected resource is not allowed to
/// introspect this particular token, then the authorization server MUST return an introspection response with the
/// `active` field set to `false`."
#[test]
fn of_any_other_token_nothing_is_told() {
    let (here, there) = (Organization::new(), Organization::new());
    let (client, stranger) = (password_client(&here), own_client(&there));
    let nothing: Value = json!({"active": false});
    let pair = log_in(&here, &client, &here.admin).expect(200);
    for token in [member(&pair, "access_token"), member(&pair, "refresh_token"), "unknown".to_owned()] {
        assert_eq!(introspect(&there, &stranger, &token).expect(200).json(), nothing);
    }
    let next = refresh(&here, &client, &member(&pair, "refresh_token")).expect(200);
    for token in ["access_token", "refresh_token"] {
        assert_eq!(introspect(&here, &client, &member(&pair, token)).expect(200).json(), nothing, "{token} was used");
    }
    let user = here.user(here.first.business_unit, &[entrepot::commerce::organization::ADMINISTRATOR]);
    let of_user = log_in(&here, &client, &user).expect(200);
    here.client()
        .patch(
            &format!("/admin/api/users/{}", user.id),
            &json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {"enabled": false}}}),
        )
        .expect(200);
    for token in ["access_token", "refresh_token"] {
        assert_eq!(introspect(&here, &client, &member(&of_user, token)).expect(200).json(), nothing, "disabled");
    }
    revoke(&here, &client, &member(&next, "refresh_token")).expect(200);
    assert_eq!(introspect(&here, &client, &member(&next, "access_token")).expect(200).json(), nothing);
}

/// "To prevent token scanning attacks, the endpoint MUST also require some form of authorization to access this endpoint".
#[test]
fn who_asks_about_a_token_proves_who_it_is() {
    use entrepot::auth::clients::{Grant, NewClient, create};
    use entrepot::auth::secret::ServerKey;
    let organization = Organization::new();
    let public = organization.write(|conn| {
        let client = NewClient {
            id: None,
            name: "Public",
            organization: organization.id(),
            grant: Grant::Password,
            api: entrepot::auth::Api::Admin,
            owner: None,
            secret: None,
            public: true,
            networks: Default::default(),
        };
        create(conn, &ServerKey::parse(crate::support::server::KEY).unwrap(), &client)
    });
    let at =
        |parameters: &[(&str, &str)]| ask_at(&organization.server.client(), "/oauth2-token/introspect", parameters);
    assert_eq!(at(&[("token", "x"), ("client_id", &public.id)]).expect(401).json()["error"], "invalid_client");
    assert_eq!(
        at(&[("token", "x"), ("client_id", &organization.admin.client_id)]).expect(401).json()["error"],
        "invalid_client"
    );
    assert_eq!(at(&[("token", "x")]).expect(400).json()["hint"], "Check the `client_id` parameter");
    organization.server.client().get("/oauth2-token/introspect").expect(405);
    let options = organization.server.client().send(Method::OPTIONS, "/oauth2-token/revoke", |request| request);
    assert_eq!(options.expect(200).header("allow"), "OPTIONS, POST");
}

/// A refresh token that comes a second time ends its own login at once, and makes no other caller be read again.
#[test]
fn a_stolen_refresh_token_costs_other_callers_nothing() {
    let server = TestServer::lasting(database::shared(), "[database]\npool_size = 2");
    let organization = Organization::on(server);
    let client = password_client(&organization);
    let others_are_remembered = || {
        let pair = log_in(&organization, &client, &organization.admin).expect(200);
        let next = refresh(&organization, &client, &member(&pair, "refresh_token")).expect(200);
        let bearer = server.client().with_token(&member(&next, "access_token"));
        let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
        bearer.get(PROBE).expect(200);
        user.client.get(PROBE).expect(200);
        organization.write(|conn| clients::revoke(conn, &user.client_id));
        refresh(&organization, &client, &member(&pair, "refresh_token")).expect(400);
        bearer.get(PROBE).expect(401);
        user.client.get(PROBE).status == 200
    };
    // What is remembered is so for seconds only, and a machine may be busy.
    assert!((0..5).any(|_| others_are_remembered()));
}
