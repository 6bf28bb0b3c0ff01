use crate::support::organization::Organization;
use crate::support::server::TestServer;

#[test]
fn live_and_ready_answer_without_credentials() {
    let client = TestServer::shared().client();
    client.get("/health/live").expect(200);
    client.get("/health/ready").expect(200);
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
