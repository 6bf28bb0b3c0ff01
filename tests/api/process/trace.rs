use reqwest::Method;

use crate::support::server::TestServer;

#[test]
fn every_answer_has_an_id_that_its_errors_carry() {
    let answer = TestServer::shared().client().get("/nothing-here").expect(404);
    assert_eq!(answer.header("X-Request-ID").len(), 32);
    assert_eq!(answer.error()["id"], answer.header("X-Request-ID"));
    let other = TestServer::shared().client().get("/nothing-here");
    assert_ne!(answer.header("X-Request-ID"), other.header("X-Request-ID"));
}

#[test]
fn a_clients_own_id_is_taken_if_it_is_a_plain_word() {
    let with = |id: &str| {
        let id = id.to_owned();
        TestServer::shared().client().send(Method::GET, "/health/live", |request| request.header("X-Request-ID", id))
    };
    assert_eq!(with("erp-run.7_1").header("X-Request-ID"), "erp-run.7_1");
    assert_eq!(with("two words").header("X-Request-ID").len(), 32);
    assert_eq!(with(&"x".repeat(65)).header("X-Request-ID").len(), 32);
}
