//! "The log holds no secret and no body."

use std::fs::File;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::{PROBE, ask, member};
use crate::support::client::Client;
use crate::support::database;
use crate::support::server::KEY;

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const PASSWORD: &str = "the-password-of-the-admin";
const SECRET: &str = "the-secret-of-the-three-clients-of-the-demo";

/// Everything secret that a client can send or get, against a server that logs all it can.
#[test]
fn the_log_holds_no_secret() {
    let folder = database::folder("log");
    let path = folder.path().join("log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrepot"));
    command.args(["serve", "--demo"]).current_dir(folder.path()).env("DATABASE_URL", database::own());
    command.env("ENTREPOT_DATA_FOLDER", folder.path()).env("ENTREPOT_HTTP_LISTEN", "127.0.0.1:0");
    command.env("ENTREPOT_SECRET_KEY", KEY).env("ENTREPOT_LOG_FORMAT", "json").env("ENTREPOT_LOG_LEVEL", "trace");
    command.env("ENTREPOT_ADMIN_PASSWORD", PASSWORD).env("ENTREPOT_DEMO_SECRET", SECRET);
    command.stdout(File::create(folder.path().join("greeting")).unwrap()).stderr(File::create(&path).unwrap());
    let serving = Serving(command.spawn().unwrap());
    let log = || std::fs::read_to_string(&path).unwrap();
    let address = wait_for(|| {
        let line = log().lines().find(|line| line.contains("\"serving\"")).map(str::to_owned)?;
        let line: serde_json::Value = serde_json::from_str(&line).ok()?;
        line["address"].as_str().map(str::to_owned)
    });
    let client = Client::new(format!("http://{address}"));

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

    let seen = wait_for(|| Some(log()).filter(|log| log.contains("its family is revoked")));
    assert!(seen.lines().all(|line| line.starts_with('{')), "a client wrote a line of the log");
    for secret in
        [PASSWORD, SECRET, "wrong-password", "wrong-secret", "wrong-token", "private-value", &access, &refresh, KEY]
    {
        assert!(!seen.contains(secret), "{secret} is in the log");
    }
    drop(serving);
    std::fs::remove_dir_all(folder.path()).unwrap();
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain");
        std::thread::sleep(Duration::from_millis(50));
    }
}
