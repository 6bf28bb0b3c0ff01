//! Customers that now one user owns and now another, who sees his own alone.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::{Value, json};

use super::End;
use crate::client::{Answer, Client};
use crate::history::{Move, Moved};
use crate::site::PASSWORD;
use crate::stored::LIMITED;

const CUSTOMERS: &str = "/admin/api/customers";

/// The two owners.
pub struct Owners {
    other: String,
    limited: String,
}

impl Owners {
    /// Makes the user who may see customers that are his own, and finds the administrator.
    pub fn make(client: &Client) -> Owners {
        let made = |path: &str, document: Value| {
            let answer = client.send(&Method::POST, path, None, &json!({ "data": document })).unwrap();
            assert_eq!(answer.status, 201, "{}", answer.text);
            answer.json()["data"]["id"].as_str().unwrap().to_owned()
        };
        let role = made(
            "/admin/api/userroles",
            json!({"type": "userroles", "attributes": {
                "label": "Own customers", "permissions": {"customers": {"VIEW": "user"}},
            }}),
        );
        let admin = client.get("/admin/api/users?filter[username]=admin").json()["data"][0].clone();
        let limited = made(
            "/admin/api/users",
            json!({
                "type": "users",
                "attributes": {
                    "username": LIMITED, "email": "limited@example.org", "firstName": "Lim", "lastName": "Ited",
                    "password": PASSWORD,
                },
                "relationships": {
                    "owner": admin["relationships"]["owner"].clone(),
                    "userRoles": {"data": [{"type": "userroles", "id": role}]},
                },
            }),
        );
        Owners { other: admin["id"].as_str().unwrap().to_owned(), limited }
    }

    fn linkage(&self, owned: bool) -> Value {
        json!({"data": {"type": "users", "id": if owned { &self.limited } else { &self.other }}})
    }
}

/// Moves customers until the end is near; what was told, and what should not have been told.
pub fn work(
    client: &Client,
    owners: &Owners,
    end: &End,
    number: u64,
    mut choices: StdRng,
) -> (Vec<Moved>, Vec<String>) {
    let (mut all, mut refusals) = (Vec::new(), Vec::new());
    while !end.is_near() {
        let mut moved = Moved { name: format!("fault-move-{number}-{}", all.len()), ..Moved::default() };
        let mut owned = choices.random_ratio(1, 2);
        let mut steps = vec![Move::Create { owned }];
        for _ in 0..choices.random_range(0..6) {
            let gives = choices.random_ratio(2, 3);
            owned ^= gives;
            steps.push(if gives { Move::Give { owned } } else { Move::Touch });
        }
        if choices.random_ratio(1, 3) {
            steps.push(Move::Delete);
        }
        for step in steps {
            if !moved.uncertain && (moved.steps.is_empty() || moved.id.is_some()) {
                take(client, owners, &mut moved, step, &mut choices, &mut refusals);
            }
        }
        all.push(moved);
    }
    (all, refusals)
}

fn take(
    client: &Client,
    owners: &Owners,
    moved: &mut Moved,
    step: Move,
    choices: &mut StdRng,
    refusals: &mut Vec<String>,
) {
    let item = format!("{CUSTOMERS}/{}", moved.id.as_deref().unwrap_or_default());
    let number = moved.steps.len();
    let (method, path, data, status) = match step {
        Move::Create { owned } => {
            let relationships = json!({"owner": owners.linkage(owned)});
            let data = json!({"type": "customers", "attributes": {"name": moved.name}, "relationships": relationships});
            (Method::POST, CUSTOMERS.to_owned(), data, 201)
        }
        Move::Give { owned } => {
            let relationships = json!({"owner": owners.linkage(owned)});
            let data = json!({"type": "customers", "id": moved.id, "relationships": relationships});
            (Method::PATCH, item, data, 200)
        }
        Move::Touch => {
            let attributes = json!({"externalId": format!("{}/{number}", moved.name)});
            (Method::PATCH, item, json!({"type": "customers", "id": moved.id, "attributes": attributes}), 200)
        }
        Move::Delete => (Method::DELETE, item, Value::Null, 204),
    };
    let body = if data.is_null() { Value::Null } else { json!({ "data": data }) };
    let key = format!("{}/{number}", moved.name);
    moved.steps.push(step);
    match repeat(client, &method, &path, &key, &body, choices) {
        None => moved.uncertain = true,
        Some(answer) if answer.status == status => {
            if let Some(id) = answer.json()["data"]["id"].as_str() {
                moved.id = Some(id.to_owned());
            }
        }
        Some(answer) => {
            moved.uncertain = true;
            refusals.push(format!("{method} {path} ({}): {} {}", moved.name, answer.status, answer.text));
        }
    }
}

/// Until there is an answer, or the client has no patience any more.
fn repeat(
    client: &Client,
    method: &Method,
    path: &str,
    key: &str,
    body: &Value,
    choices: &mut StdRng,
) -> Option<Answer> {
    loop {
        match client.send(method, path, Some(key), body) {
            Some(answer) if !answer.is_passing() => return Some(answer),
            _ if choices.random_ratio(1, 20) => return None,
            _ => std::thread::sleep(Duration::from_millis(choices.random_range(10..150))),
        }
    }
}
