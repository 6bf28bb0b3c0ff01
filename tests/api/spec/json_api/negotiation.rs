//! Media types and their parameters.

use serde_json::json;

use super::world::{STRICT, customer};
use super::{Check, check};

const MT: &str = "application/vnd.api+json";

fn with_parameter(parameter: &str) -> String {
    format!("{MT}; {parameter}")
}

pub const CHECKS: &[Check] = &[
    check("CN-01 CN-02", "documents and errors have the media type without other parameters", |world| {
        let forbidden = world.stranger().get("/admin/api/customers").expect(403);
        for answer in [
            world.get("/customers").expect(200),
            world.get("/customers/999999999").expect(404),
            world.get("/customers?sort=nope").expect(400),
            world.post("/customers", &customer("New")).expect(201),
            forbidden,
        ] {
            assert_eq!(answer.header("Content-Type"), MT);
        }
    }),
    check("CN-03", "another parameter of the content type is 415", |world| {
        let answer = world.post_as(&with_parameter("charset=utf-8"), &customer("New")).expect(415);
        assert_eq!(answer.error()["source"]["header"], "Content-Type");
    }),
    check("CN-04 CN-06", "an extension that the server does not know is 415, alone or among others", |world| {
        for uris in ["https://example.com/none", "https://jsonapi.org/ext/atomic https://example.com/none"] {
            let answer = world.post_as(&with_parameter(&format!("ext=\"{uris}\"")), &customer("New")).expect(415);
            assert_eq!(answer.error()["source"]["header"], "Content-Type");
        }
    }),
    check("CN-07", "a profile in the content type changes nothing", |world| {
        world.post_as(&with_parameter("profile=\"https://example.com/x\""), &customer("New")).expect(201);
    }),
    check(
        "CN-08",
        "instances in Accept with other parameters do not count; when no other is left it is 406",
        |world| {
            let answer = world.accept("/customers", &with_parameter("charset=utf-8")).expect(406);
            assert_eq!(answer.error()["source"]["header"], "Accept");
        },
    ),
    check("CN-09", "one good instance in Accept suffices", |world| {
        let answer = world.accept("/customers", &format!("{MT}; charset=utf-8, {MT}")).expect(200);
        assert_eq!(answer.header("Content-Type"), MT);
    }),
    check("CN-10", "Accept with nothing but unknown extensions is 406", |world| {
        world.accept("/customers", &with_parameter("ext=\"https://example.com/none\"")).expect(406);
    }),
    check("CN-11", "beside an unknown extension the plain instance is served", |world| {
        let answer = world.accept("/customers", &format!("{MT}; ext=\"https://example.com/none\", {MT}")).expect(200);
        assert_eq!(answer.header("Content-Type"), MT);
    }),
    check("CN-12", "an unknown profile in Accept is ignored", |world| {
        let answer = world.accept("/customers", &with_parameter("profile=\"https://example.com/x\"")).expect(200);
        assert_eq!(answer.header("Content-Type"), MT);
    }),
    check("CN-15", "the content type names the profile that was applied, on reads, writes and errors", |world| {
        assert_eq!(world.strict("/customers").expect(200).header("Content-Type"), STRICT);
        assert_eq!(world.strict(&world.parent_path()).expect(200).header("Content-Type"), STRICT);
        assert_eq!(world.strict("/customers?include=nothing").expect(400).header("Content-Type"), STRICT);
        assert_eq!(world.strict("/nothings").expect(404).header("Content-Type"), STRICT);
        let created = world.send_strictly(reqwest::Method::POST, "/customers", &customer("New")).expect(201);
        assert_eq!(created.header("Content-Type"), STRICT);
    }),
    check("CN-16", "Vary names Accept on every answer", |world| {
        for answer in [
            world.get("/customers").expect(200),
            world.strict("/customers").expect(200),
            world.accept("/customers", &with_parameter("charset=utf-8")).expect(406),
        ] {
            let vary: Vec<&str> = answer.header("Vary").split(',').map(str::trim).collect();
            assert!(vary.contains(&"Accept") && vary.contains(&"Origin"), "{vary:?}");
        }
    }),
    check("CN-17", "the member jsonapi of a request plays no part in negotiation", |world| {
        let mut body = customer("New");
        body["jsonapi"] = json!({"ext": ["https://example.com/none"]});
        world.post("/customers", &body).expect(201);
    }),
    check("CN-18", "a missing Accept and */* are served", |world| {
        for accept in ["*/*", "application/*", "application/json"] {
            assert_eq!(world.accept("/customers", accept).expect(200).header("Content-Type"), MT);
        }
        assert_eq!(world.get("/customers").expect(200).header("Content-Type"), MT);
    }),
    check("CN-19", "a content type that is no JSON is 415", |world| {
        world.post_as("text/plain", &customer("New")).expect(415);
        world.post_as("application/x-www-form-urlencoded", &customer("New")).expect(415);
    }),
    check("CN-20", "a quality of zero excludes the media type", |world| {
        world.accept("/customers", &format!("{MT};q=0, text/html")).expect(406);
        world.accept("/customers", &format!("{MT};q=0.000")).expect(406);
        world.accept("/customers", &format!("{MT};q=0.1")).expect(200);
    }),
];
