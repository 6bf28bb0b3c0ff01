//! What belongs to logins beside the token endpoint: the pages where users log in, tokens given back and asked about, and the documents that tell where
//! all of this is.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItemBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{
    ArrayBuilder, Components, ObjectBuilder, PathItem, PathsBuilder, Required, ResponseBuilder, ResponsesBuilder,
    SchemaFormat,
};

use super::platform::{TOKEN_URL, public};
use super::schema_ref;
use super::schemas::{boolean, described, integer, object, string, word};
use crate::engine::registry::Registry;
use crate::http::back_office;

/// The routes.
pub fn paths(paths: PathsBuilder, components: &mut Components, registry: &Registry) -> PathsBuilder {
    components.schemas.insert("token_reference".to_owned(), token_reference().into());
    components.schemas.insert("token_state".to_owned(), token_state().into());
    components.schemas.insert("authorization_server".to_owned(), authorization_server().into());
    components.schemas.insert("protected_resource".to_owned(), protected_resource().into());
    let server = format!("{}/oauth2-server", login_prefix(registry));
    let paths = match registry.name {
        "storefront" => paths.path(
            format!("{}-visitor", authorize_path(registry)),
            PathItemBuilder::new()
                .operation(HttpMethod::Get, visitor_operation())
                .parameters(Some(authorize_parameters()))
                .build(),
        ),
        _ => paths,
    };
    paths
        .path(
            authorize_path(registry),
            PathItemBuilder::new()
                .operation(HttpMethod::Get, show_operation())
                .operation(HttpMethod::Post, send_operation())
                .parameters(Some(authorize_parameters()))
                .build(),
        )
        .path(format!("{TOKEN_URL}/revoke"), PathItem::new(HttpMethod::Post, revoke_operation()))
        .path(format!("{TOKEN_URL}/introspect"), PathItem::new(HttpMethod::Post, introspect_operation()))
        .path(
            format!("/.well-known/oauth-authorization-server{server}"),
            PathItem::new(
                HttpMethod::Get,
                metadata_operation("get_authorization_server", "Where and how tokens are had", "authorization_server"),
            ),
        )
        .path(
            format!("/.well-known/oauth-protected-resource{}", registry.root),
            PathItem::new(
                HttpMethod::Get,
                metadata_operation("get_protected_resource", "Whose tokens this API takes", "protected_resource"),
            ),
        )
}

/// Where users log in.
pub fn authorize_path(registry: &Registry) -> String {
    format!("{}/oauth2-token/authorize", login_prefix(registry))
}

fn authorize_parameters() -> Vec<Parameter> {
    let query = |name: &str, required: bool, schema: ObjectBuilder, about: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(if required { Required::True } else { Required::False })
            .description(Some(about))
            .schema(Some(schema))
            .build()
    };
    vec![
        query("response_type", true, word(&["code"]), "What is asked for."),
        query("client_id", true, string(), "A client with the grant `authorization_code`."),
        query("redirect_uri", false, uri(), "One of the client's; may be left out where it has only one."),
        query("state", false, string(), "Comes back as it is."),
        query("code_challenge", false, string(), "RFC 7636; obligatory for public clients."),
        query(
            "code_challenge_method",
            false,
            word(&["S256", "plain"]),
            "`plain` only for clients that are allowed it.",
        ),
    ]
}

fn show_operation() -> Operation {
    authorize_operation("get_authorize", "Log in and let a client act for you (a page)").build()
}

fn send_operation() -> Operation {
    let form = object()
        .property("form_token", described(string(), "From the page."))
        .property("action", word(&["login", "allow", "deny", "switch"]))
        .property("username", described(string(), "With `login`."))
        .property("password", described(string(), "With `login`."))
        .required("form_token")
        .required("action");
    let content = ContentBuilder::new().schema(Some(form)).build();
    authorize_operation("post_authorize", "What the page's form sends")
        .request_body(Some(
            RequestBodyBuilder::new()
                .required(Some(Required::True))
                .content("application/x-www-form-urlencoded", content)
                .build(),
        ))
        .build()
}

fn visitor_operation() -> Operation {
    let mut operation = authorize_operation("get_authorize_visitor", "Get a code without a login").build();
    operation.responses.responses.retain(|status, _| matches!(status.as_str(), "303" | "400" | "401" | "503"));
    operation
}

fn authorize_operation(id: &str, summary: &str) -> OperationBuilder {
    let page = |about: &str| {
        let html = ContentBuilder::new().schema(Some(string())).build();
        ResponseBuilder::new().description(about).content("text/html", html)
    };
    public(id, summary, "authentication")
        .description(Some(
            "For browsers. The user is sent back to the client with `code`, or with `error`, `error_description`, \
             `hint` and `message`; and with `state` and `iss`. A code is good for 600 seconds and one use.",
        ))
        .responses(
            ResponsesBuilder::new()
                .response("200", page("A page: log in, or agree."))
                .response("303", ResponseBuilder::new().description("On to the client, or to this page again."))
                .response("400", page("The login, or the request, is wrong; the page says how."))
                .response("401", page("Client or redirect URI are not known."))
                .response("403", page("The form is not one that this browser was just shown."))
                .response("429", page("Too many attempts; `Retry-After` says when to try again."))
                .response("503", ResponseBuilder::new().description("The database cannot be reached.")),
        )
}

/// An operation of a client that authenticates as at the token endpoint and names a token.
fn of_token(id: &str, summary: &str, about: &str, success: ResponseBuilder) -> Operation {
    let body = |schema: &str| ContentBuilder::new().schema(Some(schema_ref(schema))).build();
    let failed =
        |about: &str| ResponseBuilder::new().description(about).content("application/json", body("token_error"));
    public(id, summary, "authentication")
        .description(Some(about))
        .request_body(Some(
            RequestBodyBuilder::new()
                .required(Some(Required::True))
                .content("application/x-www-form-urlencoded", body("token_reference"))
                .content("application/json", body("token_reference"))
                .build(),
        ))
        .responses(
            ResponsesBuilder::new()
                .response("200", success)
                .response("400", failed("`invalid_request`, or `invalid_grant`: the token is another client's."))
                .response("401", failed("`invalid_client`."))
                .response("503", failed("The database cannot be reached.")),
        )
        .build()
}

fn revoke_operation() -> Operation {
    of_token(
        "revoke_token",
        "Give a token back",
        "RFC 7009. An access token ends alone, a refresh token with all that came of the same login. A token that is \
         not good any more is ended already: 200.",
        ResponseBuilder::new().description("The token is good for nothing now."),
    )
}

fn introspect_operation() -> Operation {
    let state = ContentBuilder::new().schema(Some(schema_ref("token_state"))).build();
    of_token(
        "introspect_token",
        "Ask whether a token is good, and whose it is",
        "RFC 7662. For confidential clients, about tokens of their organization.",
        ResponseBuilder::new().description("What the token is.").content("application/json", state),
    )
}

fn metadata_operation(id: &str, summary: &str, schema: &str) -> Operation {
    let content = ContentBuilder::new().schema(Some(schema_ref(schema))).build();
    public(id, summary, "authentication")
        .responses(
            ResponsesBuilder::new().response(
                "200",
                ResponseBuilder::new().description("The document.").content("application/json", content),
            ),
        )
        .build()
}

fn token_reference() -> ObjectBuilder {
    object()
        .property("token", described(string(), "An access token or a refresh token."))
        .property("token_type_hint", described(string(), "Accepted and not needed."))
        .property("client_id", described(string(), "Unless HTTP Basic has it."))
        .property("client_secret", described(string(), "Unless HTTP Basic has it."))
        .required("token")
}

fn token_state() -> ObjectBuilder {
    object()
        .property("active", boolean())
        .property("client_id", described(string(), "The client that the token was given to."))
        .property("username", described(string(), "The user who logged in; not with `client_credentials`."))
        .property("token_type", described(string(), "`Bearer`, of access tokens."))
        .property("exp", described(integer(), "When it ends, in seconds since 1970."))
        .property("iat", described(integer(), "When it was given."))
        .property("nbf", described(integer(), "When it begins."))
        .property("sub", string())
        .property("aud", string())
        .property("iss", string())
        .property("jti", string())
        .required("active")
}

fn authorization_server() -> ObjectBuilder {
    let urls = [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "jwks_uri",
    ];
    urls.into_iter().fold(object(), |schema, name| schema.property(name, uri()).required(name))
}

fn protected_resource() -> ObjectBuilder {
    object()
        .property("resource", uri())
        .property("resource_name", string())
        .property("authorization_servers", ArrayBuilder::new().items(uri()))
        .property("bearer_methods_supported", ArrayBuilder::new().items(string()))
        .property("resource_documentation", uri())
        .required("resource")
}

fn uri() -> ObjectBuilder {
    string().format(Some(SchemaFormat::Custom("uri".to_owned())))
}

/// Where the endpoints of logins begin.
fn login_prefix(registry: &Registry) -> &str {
    if registry.name == "storefront" { "" } else { back_office(&registry.root) }
}
