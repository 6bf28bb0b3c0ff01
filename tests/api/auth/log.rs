//! "The log holds no secret and no body."

use super::{PROBE, ask, member};
use crate::support::logged::Logged;
use crate::support::server::KEY;

const PASSWORD: &str = "the-password-of-the-admin";
const SECRET: &str = "the-secret-of-the-three-clients-of-the-demo";

/// Everything secret that a client can send or get, against a server that logs all it can.
#[test]
fn the_log_holds_no_secret() {
    let secrets = [("ENTREPOT_ADMIN_PASSWORD", PASSWORD), ("ENTREPOT_DEMO_SECRET", SECRET)];
    let served = Logged::start(&["--demo"], "json", &secrets);
    let client = served.client();

    let login = |password: &str, secret: &str| {
        let parameters = [
            ("grant_type", "password"),
            ("client_id", "demo-password"),
            ("client_secret", secret),
            ("username", "admin"),
            ("password", password),
        ];
        ask(&client, &parameters)
    };
    let granted = login(PASSWORD, SECRET).expect(200);
    login("wrong-password", SECRET).expect(400);
    login(PASSWORD, "wrong-secret").expect(401);
    ask(&client, &[("grant_type", "client_credentials"), ("client_id", "x\nINFO forged")]).expect(401);
    let (access, refresh) = (member(&granted, "access_token"), member(&granted, "refresh_token"));
    client.with_token(&access).get(PROBE).expect(200);
    client.with_token("wrong-token").get(PROBE).expect(401);
    client.get(&format!("{PROBE}?access_token={access}")).expect(401);
    client.with_token(&access).get(&format!("{PROBE}?filter[nothing]=private-value")).expect(400);
    let body = serde_json::json!({"data": {"type": "users", "attributes": {"password": "private-value"}}});
    client.with_token(&access).post("/admin/api/users", &body).expect(400);
    for _ in 0..2 {
        let parameters = [
            ("grant_type", "refresh_token"),
            ("client_id", "demo-password"),
            ("client_secret", SECRET),
            ("refresh_token", &refresh),
        ];
        ask(&client, &parameters);
    }

    let seen = served.log_until(|log| log.contains("its family is revoked"));
    assert!(seen.lines().all(|line| line.starts_with('{')), "a client wrote a line of the log");
    for secret in
        [PASSWORD, SECRET, "wrong-password", "wrong-secret", "wrong-token", "private-value", &access, &refresh, KEY]
    {
        assert!(!seen.contains(secret), "{secret} is in the log");
    }
}
