//! What is not a resource: the token endpoint with the security schemes that use it, and the health routes.

use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, AuthorizationCode, ClientCredentials, Flow, Http, HttpAuthScheme, OAuth2, Password, Scopes,
    SecurityScheme,
};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{
    ArrayBuilder, Components, Content, PathItem, PathsBuilder, RefOr, Required, ResponseBuilder, ResponsesBuilder,
    SecurityRequirement,
};

use super::responses::errors;
use super::schemas::{described, integer, object, string, word};
use super::{login, schema_ref};
use crate::engine::registry::Registry;

/// Where tokens are had.
pub const TOKEN_URL: &str = "/oauth2-token";

/// The schemes that the Authorize button offers.
pub fn security_schemes(components: &mut Components, registry: &Registry) {
    let flows = [
        Flow::ClientCredentials(ClientCredentials::new(TOKEN_URL, Scopes::new())),
        Flow::Password(Password::with_refresh_url(TOKEN_URL, Scopes::new(), TOKEN_URL)),
        Flow::AuthorizationCode(AuthorizationCode::with_refresh_url(
            login::authorize_path(registry).as_str(),
            TOKEN_URL,
            Scopes::new(),
            TOKEN_URL,
        )),
    ];
    let oauth = OAuth2::with_description(
        flows,
        "Each client has its grants: `client_credentials` acts as the user that the client belongs to, `password` as \
         the user who logs in, `authorization_code` (with PKCE) as the user who logs in on this server's own page. \
         Tokens live for an hour.",
    );
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    bearer.description = Some("An access token that you already have.".to_owned());
    components.security_schemes.insert("oauth2".to_owned(), RefOr::T(SecurityScheme::OAuth2(oauth)));
    components.security_schemes.insert("bearer".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    if has_wsse(registry) {
        let wsse = ApiKeyValue::with_description(
            "X-WSSE",
            "For old clients: `UsernameToken Username=\"…\", PasswordDigest=\"…\", Nonce=\"…\", Created=\"…\"`, good for \
             one request; beside it `Authorization: WSSE profile=\"UsernameToken\"` or nothing.",
        );
        components.security_schemes.insert("wsse".to_owned(), RefOr::T(SecurityScheme::ApiKey(ApiKey::Header(wsse))));
    }
}

/// What authenticates a request, each for itself.
pub fn security(registry: &Registry) -> Vec<SecurityRequirement> {
    let schemes = ["oauth2", "bearer"].into_iter().chain(has_wsse(registry).then_some("wsse"));
    schemes.map(|name| SecurityRequirement::new(name, Vec::<String>::new())).collect()
}

/// API keys are for the back office's API.
fn has_wsse(registry: &Registry) -> bool {
    registry.name == "admin"
}

/// The tags of these routes.
pub fn tags() -> [Tag; 2] {
    [
        TagBuilder::new().name("authentication").description(Some("Access tokens.")).build(),
        TagBuilder::new().name("operations").description(Some("The state of the server.")).build(),
    ]
}

/// The routes.
pub fn paths(paths: PathsBuilder, components: &mut Components, registry: &Registry) -> PathsBuilder {
    components.schemas.insert("token_request".to_owned(), token_request().into());
    components.schemas.insert("token".to_owned(), token().into());
    components.schemas.insert("token_error".to_owned(), token_error().into());
    let open_api = format!("{}/openapi.json", registry.root);
    login::paths(paths, components, registry)
        .path(TOKEN_URL, PathItem::new(HttpMethod::Post, token_operation()))
        .path(
            "/health/live",
            PathItem::new(
                HttpMethod::Get,
                public("get_health_live", "Whether the process answers", "operations")
                    .responses(ResponsesBuilder::new().response("200", ResponseBuilder::new().description("It does."))),
            ),
        )
        .path(
            "/health/ready",
            PathItem::new(
                HttpMethod::Get,
                public("get_health_ready", "Whether requests can be served", "operations").responses(
                    ResponsesBuilder::new()
                        .response("200", ResponseBuilder::new().description("They can."))
                        .response("503", ResponseBuilder::new().description("The database cannot be reached.")),
                ),
            ),
        )
        .path("/metrics", PathItem::new(HttpMethod::Get, metrics_operation()))
        .path("/.well-known/jwks.json", PathItem::new(HttpMethod::Get, keys_operation()))
        .path(
            open_api,
            PathItem::new(
                HttpMethod::Get,
                public("get_openapi", "This document", "operations").responses(errors(
                    ResponsesBuilder::new()
                        .response(
                            "200",
                            ResponseBuilder::new()
                                .description("The document.")
                                .content("application/json", ContentBuilder::new().schema(Some(object())).build()),
                        )
                        .response("304", ResponseBuilder::new().description("Not changed since it was read.")),
                    &[403],
                )),
            ),
        )
}

fn metrics_operation() -> Operation {
    let text = ContentBuilder::new().schema(Some(string())).build();
    let found = ResponseBuilder::new().description("The figures.").content("text/plain", text);
    public("get_metrics", "Figures of the process, as Prometheus reads them", "operations")
        .responses(ResponsesBuilder::new().response("200", found))
        .build()
}

fn keys_operation() -> Operation {
    let key = object()
        .property("kty", word(&["RSA"]))
        .property("alg", word(&["RS256"]))
        .property("use", word(&["sig"]))
        .property("kid", string())
        .property("n", string())
        .property("e", string());
    let keys = object().property("keys", ArrayBuilder::new().items(key)).required("keys");
    let content = ContentBuilder::new().schema(Some(keys)).build();
    let found = ResponseBuilder::new().description("The keys.").content("application/jwk-set+json", content);
    public("get_keys", "The public keys that access tokens are signed with (RFC 7517)", "authentication")
        .responses(errors(ResponsesBuilder::new().response("200", found), &[500, 503]))
        .build()
}

pub fn public(id: &str, summary: &str, tag: &str) -> OperationBuilder {
    OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary))
        .tag(tag)
        .securities(Some([SecurityRequirement::default()]))
}

fn token_operation() -> Operation {
    let example = json!({"grant_type": "client_credentials", "client_id": "demo-erp", "client_secret": "…"});
    let body = |example: Option<serde_json::Value>| -> Content {
        ContentBuilder::new().schema(Some(schema_ref("token_request"))).example(example).build()
    };
    let answer = |schema: &str| ContentBuilder::new().schema(Some(schema_ref(schema))).build();
    let failed =
        |about: &str| ResponseBuilder::new().description(about).content("application/json", answer("token_error"));
    public("create_token", "Get an access token", "authentication")
        .description(Some(
            "The client authenticates in the body or by HTTP Basic. A client has its grants; a grant that it does not \
             have is `invalid_client`. A refresh token works once; the second use revokes all that came from it.",
        ))
        .request_body(Some(
            RequestBodyBuilder::new()
                .required(Some(Required::True))
                .content("application/json", body(Some(example)))
                .content("application/x-www-form-urlencoded", body(None))
                .build(),
        ))
        .responses(
            ResponsesBuilder::new()
                .response(
                    "200",
                    ResponseBuilder::new().description("The token.").content("application/json", answer("token")),
                )
                .response("400", failed("`invalid_request`, `invalid_grant` or `unsupported_grant_type`."))
                .response("401", failed("`invalid_client`."))
                .response("429", failed("Too many attempts; `Retry-After` says when to try again."))
                .response("503", failed("The database cannot be reached.")),
        )
        .build()
}

fn token_request() -> utoipa::openapi::ObjectBuilder {
    object()
        .property("grant_type", word(&["client_credentials", "password", "authorization_code", "refresh_token"]))
        .property("client_id", described(string(), "Unless HTTP Basic has it."))
        .property("client_secret", described(string(), "Unless HTTP Basic has it."))
        .property("username", described(string(), "With `password`."))
        .property("password", described(string(), "With `password`."))
        .property("code", described(string(), "With `authorization_code`."))
        .property(
            "redirect_uri",
            described(string(), "With `authorization_code`, where the code was asked for with it."),
        )
        .property(
            "code_verifier",
            described(string(), "With `authorization_code`, where it was asked for with a challenge."),
        )
        .property("refresh_token", described(string(), "With `refresh_token`."))
        .property("scope", described(string(), "Accepted and ignored."))
        .required("grant_type")
}

fn token() -> utoipa::openapi::ObjectBuilder {
    object()
        .property("token_type", word(&["Bearer"]))
        .property("expires_in", described(integer(), "Seconds."))
        .property("access_token", described(string(), "For `Authorization: Bearer`."))
        .property("refresh_token", described(string(), "Not with the grant `client_credentials`."))
        .required("token_type")
        .required("expires_in")
        .required("access_token")
}

fn token_error() -> utoipa::openapi::ObjectBuilder {
    object()
        .property("error", described(string(), "`invalid_request`, `invalid_client`, `invalid_grant`, …"))
        .property("error_description", string())
        .property("message", string())
        .property("hint", string())
        .required("error")
}
