use crate::support::organization::Organization;
use crate::support::server::TestServer;

#[test]
fn live_and_ready_answer_without_credentials() {
    let client = TestServer::shared().client();
    client.get("/health/live").expect(200);
    client.get("/health/ready").expect(200);
}

/// What is only read answers any other method by 405, with what would work.
#[test]
fn other_methods_are_not_allowed() {
    let client = TestServer::shared().client();
    for path in ["/health/live", "/health/ready", "/metrics"] {
        for method in [reqwest::Method::TRACE, reqwest::Method::POST, reqwest::Method::DELETE] {
            let answer = client.send(method, path, |request| request).expect(405);
            assert_eq!(answer.header("allow"), "OPTIONS, GET", "{path}");
        }
        client.send(reqwest::Method::OPTIONS, path, |request| request).expect(200);
    }
}

#[test]
fn metrics_count_requests_by_status() {
    let client = TestServer::shared().client();
    client.get("/nothing-here").expect(404);
    let text = client.get("/metrics").expect(200).text;
    assert!(text.lines().any(|line| line.starts_with("entrepot_requests_total{") && line.contains("status=\"404\"")));
    assert!(text.contains("entrepot_database_connections"));
}

#[test]
fn metrics_tell_the_resource_the_action_and_the_stages() {
    let organization = Organization::new();
    organization.client().get("/admin/api/brands").expect(200);
    let text = TestServer::shared().client().get("/metrics").expect(200).text;
    let counted = "entrepot_requests_total{api=\"admin\",resource=\"brands\",action=\"list\",status=\"200\"}";
    assert!(text.contains(counted), "{text}");
    for stage in ["plan", "load"] {
        assert!(text.contains(&format!("entrepot_stage_seconds_count{{stage=\"{stage}\"}}")), "{stage}");
    }
}
