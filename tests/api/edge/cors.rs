//! Contract section 18.

use reqwest::Method;

use super::organization;
use crate::support::client::{Answer, Client};

const PAGE: &str = "https://page.example";
const SETTINGS: &str = "
    [cors.admin]
    allow_origins = [\"https://Page.example\", \"https://other.example:8443\"]
    allow_headers = [\"X-Mode\"]
    expose_headers = [\"X-Request-ID\", \"ETag\"]
    [cors.token]
    allow_origins = [\"*\"]
    [cors.documents]
    allow_origins = [\"https://page.example\"]
    allow_credentials = true
";

fn from(client: &Client, method: Method, path: &str, origin: &str) -> Answer {
    client.send(method, path, |request| request.header("Origin", origin))
}

fn preflight(client: &Client, path: &str, origin: &str) -> Answer {
    client.send(Method::OPTIONS, path, |request| {
        request.header("Origin", origin).header("Access-Control-Request-Method", "PATCH")
    })
}

/// The headers of CORS in an answer.
fn cors(answer: &Answer) -> Vec<String> {
    let names = answer.headers.keys().map(|name| name.as_str().to_owned());
    names.filter(|name| name.starts_with("access-control-")).collect()
}

/// "CORS is off until `allow_origins` lists origins".
#[test]
fn without_origins_there_are_no_headers() {
    let client = crate::support::organization::Organization::new().client().clone();
    let answers = [
        from(&client, Method::GET, "/admin/api/countries", PAGE),
        preflight(&client, "/admin/api/countries", PAGE),
        preflight(&client, "/oauth2-token", PAGE),
    ];
    for answer in answers {
        assert_eq!((answer.status, cors(&answer)), (200, Vec::new()));
    }
}

/// "Actual responses get `Access-Control-Allow-Origin` and `Access-Control-Expose-Headers`".
#[test]
fn answers_to_listed_origins_carry_the_headers() {
    let organization = organization(SETTINGS);
    let client = organization.client();
    let answer = from(client, Method::GET, "/admin/api/countries?page[size]=1", PAGE).expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    let exposed = "Location,X-Include-Total-Count,X-Include-Deleted-Count,Idempotency-Replayed,X-Request-ID,ETag";
    assert_eq!(answer.header("access-control-expose-headers"), exposed);
    assert_eq!(cors(&answer).len(), 2, "{answer:?}");
    assert!(answer.header("vary").contains("Origin"));
    let own = format!("http://{}", organization.server.address);
    for origin in [own.as_str(), "https://evil.example", "https://page.example.evil", "http://page.example", "null", ""]
    {
        let answer = from(client, Method::GET, "/admin/api/countries?page[size]=1", origin).expect(200);
        assert_eq!(cors(&answer), Vec::<String>::new(), "{origin}");
    }
    let answer = from(client, Method::GET, "/admin/api/countries?page[size]=1", "https://other.example:8443");
    assert_eq!(answer.header("access-control-allow-origin"), "https://other.example:8443");
    // Each block speaks for its own routes.
    let storefront = organization.storefront_user();
    assert_eq!(cors(&from(&storefront.client, Method::GET, "/api/countries", PAGE)), Vec::<String>::new());
}

/// "Error responses (400, 401, 403, 404) carry the CORS headers too."
#[test]
fn errors_carry_the_headers() {
    let organization = organization(SETTINGS);
    let nobody = organization.user_who_may(&serde_json::json!({}));
    let anonymous = organization.server.client();
    let cases = [
        (organization.client(), Method::GET, "/admin/api/countries?filter[nothing]=1", 400),
        (&anonymous, Method::GET, "/admin/api/countries", 401),
        (&nobody.client, Method::GET, "/admin/api/products", 403),
        (organization.client(), Method::GET, "/admin/api/countries/ZZ", 404),
        (organization.client(), Method::GET, "/admin/api/nothing", 404),
        (organization.client(), Method::PUT, "/admin/api/countries", 405),
    ];
    for (client, method, path, status) in cases {
        let answer = from(client, method, path, PAGE).expect(status);
        assert_eq!(answer.header("access-control-allow-origin"), PAGE, "{path}");
        assert!(answer.header("access-control-expose-headers").starts_with("Location,"), "{path}");
    }
}

/// "Preflights also get `Access-Control-Allow-Methods` (the Allow list; `Allow` itself is removed) …"
#[test]
fn preflights_are_answered_without_credentials() {
    let organization = organization(SETTINGS);
    let client = organization.server.client();
    let cases = [
        ("/admin/api/products", "OPTIONS, GET, PATCH, POST, DELETE"),
        ("/admin/api/products/1", "OPTIONS, GET, PATCH, DELETE"),
        ("/admin/api/products/1/names", "OPTIONS, GET"),
        ("/admin/api/products/1/relationships/brand", "OPTIONS, GET, PATCH"),
    ];
    for (path, methods) in cases {
        let answer = preflight(&client, path, PAGE).expect(200);
        let expected = [
            ("access-control-allow-origin", PAGE),
            ("access-control-allow-methods", methods),
            ("access-control-allow-headers", "Authorization,Content-Type,X-Include,Idempotency-Key,X-Mode"),
            ("access-control-max-age", "600"),
            ("access-control-expose-headers", ""),
            ("access-control-allow-credentials", ""),
            ("cache-control", "max-age=600, public"),
            ("vary", "Origin"),
            ("allow", ""),
        ];
        for (name, value) in expected {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        assert_eq!(answer.text, "");
    }
    // An OPTIONS that is no preflight tells the methods as ever; so does one of an origin that is not listed.
    let answer = from(&client, Method::OPTIONS, "/admin/api/products", PAGE).expect(200);
    assert_eq!((answer.header("allow"), answer.header("access-control-allow-origin")), (cases[0].1, PAGE));
    let answer = preflight(&client, "/admin/api/products", "https://evil.example").expect(200);
    assert_eq!((answer.header("allow"), cors(&answer)), (cases[0].1, Vec::new()));
    let answer = preflight(&client, "/admin/api/nothing", PAGE).expect(404);
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    assert_eq!(answer.header("cache-control"), "");
}

/// "Storefront, OAuth and OpenAPI downloads each have their own block".
#[test]
fn tokens_and_documents_have_blocks_of_their_own() {
    let organization = organization(SETTINGS);
    let client = organization.server.client();
    for path in ["/oauth2-token", "/admin/oauth2-token"] {
        let answer = preflight(&client, path, "https://any.example").expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), "https://any.example");
        assert_eq!(answer.header("access-control-allow-methods"), "OPTIONS, POST");
        let refused = from(&client, Method::POST, path, "https://any.example").expect(400);
        assert_eq!(refused.header("access-control-allow-origin"), "https://any.example");
        assert_eq!((refused.header("vary"), refused.header("cache-control")), ("Origin", "no-store"));
    }
    let answer = from(&client, Method::GET, "/admin/api/openapi.json", PAGE).expect(200);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert!(answer.headers.get_all("vary").iter().any(|value| value == "Origin"), "{:?}", answer.headers);
    assert_eq!(preflight(&client, "/api/openapi.json", PAGE).header("access-control-allow-methods"), "OPTIONS, GET");
}

#[test]
fn settings_that_would_open_too_much_are_refused() {
    use entrepot::config::{Config, Source};
    let problem = |text: &str| {
        let mut source = Source::default();
        source.file("entrepot.toml", text);
        Config::from_source(source).map(drop).unwrap_err().to_string()
    };
    let any = problem("[cors.admin]\nallow_origins = [\"*\"]\nallow_credentials = true");
    assert!(any.starts_with("cors.admin.allow_credentials must be false"), "{any}");
    for wrong in ["shop.example", "https://", "https://shop.example/", "https://a b"] {
        let text = problem(&format!("[cors.storefront]\nallow_origins = [\"{wrong}\"]"));
        assert!(text.starts_with("cors.storefront.allow_origins must be a list of origins"), "{wrong}: {text}");
    }
    let text = problem("[cors.token]\nallow_headers = [\"X\\r\\nY: z\"]");
    assert!(text.starts_with("cors.token.allow_headers must be a list of header names"), "{text}");
}
