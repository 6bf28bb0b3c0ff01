//! Comments: what users say about notes (contract, resources).

use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::shop::{Shop, many, one};

const COMMENTS: &str = "/admin/api/comments";

fn note(shop: &Shop) -> String {
    shop.create("notes", &json!({"message": "Hi"}), &json!({"activityTargets": many("customers", &[&shop.customer])}))
}

fn post(client: &Client, message: &str, note: &str) -> Answer {
    client.post(COMMENTS, &body(message, note))
}

fn body(message: &str, note: &str) -> Value {
    let relationships = json!({"target": one("notes", note)});
    json!({"data": {"type": "comments", "attributes": {"message": message}, "relationships": relationships}})
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn a_note_has_its_comments() {
    let shop = Shop::new();
    let client = shop.client();
    let (note, other) = (note(&shop), note(&shop));
    let first = post(client, "Yes", &note).expect(201).id();
    let second = post(client, "No", &note).expect(201).id();
    let elsewhere = post(client, "Perhaps", &other).expect(201).id();
    let shown = client.get(&format!("{COMMENTS}/{first}?include=target.comments")).expect(200).json();
    assert_eq!(shown["data"]["relationships"]["target"]["data"], json!({"type": "notes", "id": note}));
    assert_eq!(shown["data"]["attributes"]["message"], "Yes");
    let admin = json!(shop.organization.admin.id.to_string());
    for relation in ["owner", "updatedBy"] {
        assert_eq!(shown["data"]["relationships"][relation]["data"]["id"], admin, "{relation}");
    }
    let of_note = client.get(&format!("/admin/api/notes/{note}?include=comments")).expect(200).json();
    assert_eq!(ids(&of_note["data"]["relationships"]["comments"]["data"]), [first.as_str(), &second]);
    assert_eq!(ids(&of_note["included"]), [first.as_str(), &second]);
    let list = client.get(&format!("/admin/api/notes/{note}/comments?sort=-id")).expect(200).json();
    assert_eq!(ids(&list["data"]), [second.as_str(), &first]);
    assert_eq!(client.get(&format!("{COMMENTS}/{first}/target")).expect(200).id(), note);
    // "Filter on a polymorphic association: the part after the dot is the resource type"; and from the other end.
    let found = |query: String| client.get(&query).expect(200).json()["data"].clone();
    assert_eq!(ids(&found(format!("{COMMENTS}?filter[target.notes]={other}"))), [elsewhere.as_str()]);
    let owner = shop.organization.admin.id;
    assert_eq!(ids(&found(format!("{COMMENTS}?filter[target.notes.owner]={owner}&sort=id"))).len(), 3);
    assert_eq!(ids(&found(format!("/admin/api/notes?filter[comments]={second}"))), [note.as_str()]);
    assert_eq!(ids(&found("/admin/api/notes?filter[comments][exists]=false".to_owned())), [] as [&str; 0]);
}

#[test]
fn a_comment_is_about_a_note_and_says_something() {
    let shop = Shop::new();
    let client = shop.client();
    let note = note(&shop);
    let error = post(client, " ", &note).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/attributes/message");
    let bare = json!({"data": {"type": "comments", "attributes": {"message": "Hi"}}});
    let error = client.post(COMMENTS, &bare).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/relationships/target/data");
    let mut wrong = body("Hi", &note);
    wrong["data"]["relationships"]["target"] = one("customers", &shop.customer);
    assert_eq!(client.post(COMMENTS, &wrong).expect(400).error()["title"], "entity type constraint");
    // It comes with the note too, and moves to another one.
    let together = json!({
        "data": {
            "type": "notes", "attributes": {"message": "New"},
            "relationships": {
                "activityTargets": many("customers", &[&shop.customer]), "comments": many("comments", &["c"]),
            },
        },
        "included": [{"type": "comments", "id": "c", "attributes": {"message": "First"}}],
    });
    let made = client.post("/admin/api/notes?include=comments", &together).expect(201).json();
    let comment = made["included"][0]["id"].as_str().unwrap();
    let route = format!("{COMMENTS}/{comment}/relationships/target");
    client.patch(&route, &one("notes", &note)).expect(204);
    assert_eq!(client.get(&route).expect(200).json()["data"]["id"], json!(note));
    client.patch(&route, &json!({"data": null})).expect(400);
}

#[test]
fn a_comment_goes_with_its_note_and_its_file_with_it() {
    let shop = Shop::new();
    let client = shop.client();
    let note = note(&shop);
    let mut with_file = body("See this", &note);
    with_file["data"]["relationships"]["attachment"] = one("files", "f");
    with_file["included"] = json!([{
        "type": "files", "id": "f",
        "attributes": {"content": "QQ==", "originalFilename": "a.txt", "mimeType": "text/plain"},
    }]);
    let made = client.post(&format!("{COMMENTS}?include=attachment.parent"), &with_file).expect(201).json();
    let comment = made["data"]["id"].as_str().unwrap();
    let file = &made["included"][0];
    assert_eq!(file["relationships"]["parent"]["data"], json!({"type": "comments", "id": comment}));
    client.delete(&format!("/admin/api/notes/{note}")).expect(204);
    client.get(&format!("{COMMENTS}/{comment}")).expect(404);
    client.get(&format!("/admin/api/files/{}", file["id"].as_str().unwrap())).expect(404);
    client.get(&format!("/admin/api/customers/{}", shop.customer)).expect(200);
}

#[test]
fn a_comment_says_who_changed_it_last() {
    let shop = Shop::new();
    let level = json!({"VIEW": "organization", "EDIT": "organization"});
    let clerk = shop.organization.user_who_may(&json!({"comments": level, "notes": level}));
    let comment = post(shop.client(), "Hi", &note(&shop)).expect(201).id();
    let path = format!("{COMMENTS}/{comment}");
    let by = || shop.client().get(&path).expect(200).json()["data"]["relationships"]["updatedBy"]["data"]["id"].clone();
    let say = |message: &str| json!({"data": {"type": "comments", "id": comment, "attributes": {"message": message}}});
    clerk.client.patch(&path, &say("Hi")).expect(200);
    assert_eq!(by(), json!(shop.organization.admin.id.to_string()), "nothing has changed");
    clerk.client.patch(&path, &say("Hello")).expect(200);
    assert_eq!(by(), json!(clerk.id.to_string()));
}

/// Comments have an owner and rights of their own; to say something about a note takes VIEW on it.
#[test]
fn rights_on_comments() {
    let shop = Shop::new();
    let note = note(&shop);
    let of_admin = post(shop.client(), "Mine", &note).expect(201).id();
    let own = json!({"VIEW": "user", "CREATE": "user", "EDIT": "user", "DELETE": "user"});
    let all = json!({"VIEW": "organization"});
    let writer = shop.organization.user_who_may(&json!({"comments": own, "notes": all})).client;
    let stranger = shop.organization.user_who_may(&json!({"comments": own})).client;
    let reader = shop.organization.user_who_may(&json!({"comments": all, "notes": all})).client;
    let made = post(&writer, "Also mine", &note).expect(201).id();
    let refused = post(&stranger, "Hi", &note).expect(403).error();
    assert_eq!(refused["source"]["pointer"], "/data/relationships/target/data");
    post(&reader, "Hi", &note).expect(403);
    assert_eq!(ids(&writer.get(COMMENTS).expect(200).json()["data"]), [made.as_str()]);
    let shown = writer.get(&format!("/admin/api/notes/{note}?include=comments")).expect(200).json();
    assert_eq!(ids(&shown["data"]["relationships"]["comments"]["data"]), [made.as_str()]);
    assert_eq!(ids(&reader.get(&format!("/admin/api/notes/{note}/comments")).expect(200).json()["data"]).len(), 2);
    writer.get(&format!("{COMMENTS}/{of_admin}")).expect(403);
    writer.delete(&format!("{COMMENTS}/{of_admin}")).expect(403);
    reader.delete(&format!("{COMMENTS}/{made}")).expect(403);
    writer.delete(&format!("{COMMENTS}/{made}")).expect(204);
}
