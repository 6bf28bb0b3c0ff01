//! API1, beside the resources' own routes: operations and what lies below them, commands, deliveries, changes.

use entrepot::engine::split::Format;
use entrepot::openapi::examples;
use entrepot::resources::ALL;
use reqwest::Method;
use serde_json::{Value, json};

use super::told;
use crate::every_resource::bodies::{World, no_id};
use crate::support::batch::{Sent, send};
use crate::support::client::{Answer, Client};
use crate::support::organization::{Organization, User, unique};

const BELOW: [&str; 6] =
    ["/errors", "/results", "/failed", "/errors?page[size]=1&page[number]=2", "/results?page[size]=1&page[after]=", ""];

/// A batch of which one record is written and one fails, when it has ended.
fn ended(organization: &Organization, user: &User) -> Sent {
    let group = json!({"type": "customergroups", "attributes": {"name": unique("secret")}});
    let broken = json!({"type": "customergroups", "attributes": {"name": "", "noSuchThing": unique("secret")}});
    let body = json!({"data": [group, broken]}).to_string();
    let sent = send(user, "customergroups", Format::Json, &body);
    sent.ended(organization.client());
    sent
}

fn cancel(client: &Client, id: &str) -> Answer {
    let data = json!({"type": "asyncoperations", "id": id, "attributes": {"status": "cancelled"}});
    client.patch(&format!("/admin/api/asyncoperations/{id}"), &json!({"data": data}))
}

/// An operation of another organization is one that never was, with everything below it.
#[test]
fn operations_of_another_organization() {
    let (ours, theirs) = (Organization::new(), Organization::new());
    let sent = ended(&theirs, &theirs.admin);
    for below in BELOW {
        let get = |id: &str| {
            let path = format!("/admin/api/asyncoperations/{id}{below}");
            ours.client().send(Method::GET, &path, |request| request.header("X-Include", "totalCount"))
        };
        let (found, absent) = (get(&sent.id), get("999999999"));
        assert_eq!(told(&found), told(&absent), "{below}");
        assert_eq!(found.header("X-Include-Total-Count"), "", "{below}");
        assert_eq!(found.status, 404, "{below}: {}", found.text);
        theirs.client().get(&format!("{}{below}", sent.path)).expect(200);
    }
    assert_eq!(told(&cancel(ours.client(), &sent.id)), told(&cancel(ours.client(), "999999999")));
    assert_eq!(sent.now(theirs.client())["attributes"]["status"], "success");
}

/// In one organization, an operation is its sender's: others with the level `user` see nothing of what was sent, and
/// cannot stop it.
#[test]
fn operations_of_another_user() {
    let organization = Organization::new();
    let own = json!({"asyncoperations": {"VIEW": "user", "CREATE": "user", "EDIT": "user"},
        "customergroups": {"VIEW": "organization", "CREATE": "organization"}});
    let (sender, other) = (organization.user_who_may(&own), organization.user_who_may(&own));
    let sent = ended(&organization, &sender);
    for below in BELOW {
        let refused = other.client.get(&format!("{}{below}", sent.path)).expect(403);
        assert!(!refused.text.contains("secret"), "{below}: {}", refused.text);
        sender.client.get(&format!("{}{below}", sent.path)).expect(200);
    }
    cancel(&other.client, &sent.id).expect(403);
    // Who may view an operation may not stop it for that, nor take what was sent.
    let viewer = organization.user_who_may(&json!({"asyncoperations": {"VIEW": "organization"}}));
    assert_eq!(sent.now(&viewer.client)["id"], json!(sent.id));
    cancel(&viewer.client, &sent.id).expect(403);
    viewer.client.get(&format!("{}/failed", sent.path)).expect(403);
    assert_eq!(sent.now(&sender.client)["attributes"]["status"], "success");
}

/// What is done to a record by a command takes EDIT on it: not to one of another organization, nor of another user.
#[test]
fn commands_on_records_of_others() {
    let (ours, theirs) = (World::new(), World::new());
    let mut tried = 0;
    for resource in ALL.iter().copied().filter(|resource| !resource.commands.is_empty()) {
        let id = theirs.record(resource);
        let level = json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "user"});
        let viewer = theirs.organization().user_who_may(&json!({"*": level})).client;
        for command in resource.commands {
            let run = |client: &Client, id: &str| {
                let path = format!("/admin/api/{}/{id}/{}", resource.name, command.name);
                client.post(&path, &json!({"meta": examples::command(command)}))
            };
            let of = format!("{} of {}", command.name, resource.name);
            let (at_theirs, at_none) = (run(ours.client(), &id), run(ours.client(), no_id(resource)));
            assert_eq!(told(&at_theirs), told(&at_none), "{of}");
            assert_eq!(at_theirs.status, 404, "{of}: {}", at_theirs.text);
            let refused = run(&viewer, &id);
            assert_eq!(refused.status, 403, "{of}: {}", refused.text);
            tried += 1;
        }
    }
    assert!(tried > 2, "{tried}");
}

/// Webhooks and what they have sent belong to their owner: another user of the organization finds neither, and a delivery is
/// found by no filter.
#[test]
fn webhooks_and_deliveries_of_another_user() {
    let world = World::new();
    let find = |name: &str| ALL.iter().copied().find(|resource| resource.name == name).unwrap();
    let other = world.organization().user_who_may(&json!({
        "webhooks": {"VIEW": "user", "EDIT": "user", "DELETE": "user"},
        "webhookdeliveries": {"VIEW": "user"}, "customers": {"VIEW": "organization"},
    }));
    let (webhook, delivery) = (world.record(find("webhooks")), world.record(find("webhookdeliveries")));
    for (kind, id) in [("webhooks", &webhook), ("webhookdeliveries", &delivery)] {
        let path = format!("/admin/api/{kind}/{id}");
        other.client.get(&path).expect(403);
        let list = other.client.get(&format!("/admin/api/{kind}?filter[id]={id}")).expect(200).json();
        assert_eq!(list["data"], json!([]), "{kind}");
        world.client().get(&path).expect(200);
    }
    let list = other.client.get(&format!("/admin/api/webhookdeliveries?filter[webhook]={webhook}")).expect(200).json();
    assert_eq!(list["data"], json!([]));
    let gone = other.client.delete(&format!("/admin/api/webhooks?filter[id]={webhook}"));
    assert_eq!(gone.status, 204, "{}", gone.text);
    world.client().get(&format!("/admin/api/webhooks/{webhook}")).expect(200);
}

/// The feed tells a caller of no record that they may not view, whichever type is asked for: of another organization none, and
/// without any right none.
#[test]
fn changes_of_records_of_others() {
    let (ours, theirs) = (World::new(), World::new());
    let nobody = theirs.organization().user_who_may(&json!({"brands": {"VIEW": "organization"}})).client;
    let secret = unique("secret");
    let group = json!({"data": {"type": "customergroups", "attributes": {"name": secret}}});
    let id = theirs.client().post("/admin/api/customergroups", &group).expect(201).id();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let seen = |client: &Client, query: &str| {
        let answer = client.get(&format!("/admin/api/changes?page[size]=1000{query}"));
        (answer.status, answer.text.contains(&secret), answer)
    };
    while !seen(theirs.client(), "&include=resource&filter[type]=customergroups").1 {
        assert!(std::time::Instant::now() < end, "the change is not told");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    for client in [ours.client(), &nobody] {
        for query in ["", "&include=resource", "&include=resource&filter[type]=customergroups"] {
            let (status, found, answer) = seen(client, query);
            assert!(status == 200 || status == 403, "{query}: {}", answer.text);
            assert!(!found, "{query}: {}", answer.text);
            let document = answer.json();
            let told = |change: &Value| {
                change["attributes"]["resourceType"] == "customergroups"
                    && change["attributes"]["resourceId"] == json!(id)
            };
            assert!(!document["data"].as_array().into_iter().flatten().any(told), "{query}: {}", answer.text);
        }
    }
}
