//! `kill -9` after sending and before recording: the message comes again, under the same id.

use std::time::Duration;

use serde_json::json;

use super::receiver::{OK, Receiver, Reply};
use super::world::subscribe;
use crate::support::client::Client;
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::served::Served;
use crate::support::server::TestServer;

#[test]
fn a_message_under_way_survives_its_sender() {
    let url = database::own();
    let settings = "[webhooks]\nallowed_networks = [\"127.0.0.1/32\"]";
    let server = TestServer::lasting(&url, settings);
    let organization = Organization::on(server);
    let receiver = Receiver::new(|_, before| if before == 0 { Reply::Hang(Duration::from_secs(60)) } else { OK });
    subscribe(organization.client(), &receiver, "customer.created");
    let variables = [("ENTREPOT_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.1/32"), ("ENTREPOT_WEBHOOKS_TIMEOUT", "1")];
    let patient = [variables[0], ("ENTREPOT_WEBHOOKS_TIMEOUT", "30")];
    let first = Served::on(&url, &patient);
    let client: Client = organization.client().at(first.address);
    let created = json!({"data": {"type": "customers", "attributes": {"name": "A"}}});
    client.post("/admin/api/customers", &created).expect(201);
    receiver.wait(1);
    first.kill();
    // The claim runs out: here at once, so that nobody waits for a minute.
    organization.write(|conn| {
        use diesel::prelude::*;
        Ok(diesel::sql_query("UPDATE webhook_delivery SET due_at = now() WHERE claim IS NOT NULL")
            .execute(conn)
            .map(drop)?)
    });
    let _second = Served::on(&url, &variables);
    let told = receiver.wait(2);
    assert_eq!(told[0].body, told[1].body);
}
