//! Categories: their places in the tree follow every change of parents.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::organization::Organization;
use crate::support::shop::{many, one};

struct Tree {
    organization: Organization,
    root: String,
}

impl Tree {
    fn new() -> Tree {
        let organization = Organization::new();
        let root = organization.first.root_category.to_string();
        Tree { organization, root }
    }

    fn push(&self, name: &str, parent: &str) -> Answer {
        let body = json!({
            "data": {
                "type": "categories",
                "meta": {"upsert": ["externalId"]},
                "attributes": {"externalId": name},
                "relationships": {
                    "parentCategory": one("categories", parent),
                    "titles": many("categorytitles", &["title"]),
                },
            },
            "included": [{"type": "categorytitles", "id": "title", "attributes": {"string": name}}],
        });
        self.organization.client().post("/admin/api/categories", &body)
    }

    fn add(&self, name: &str, parent: &str) -> String {
        self.push(name, parent).expect(201).id()
    }

    fn place(&self, id: &str, parent: &str) -> Answer {
        let relationships = json!({"parentCategory": one("categories", parent)});
        let body = json!({"data": {"type": "categories", "id": id, "relationships": relationships}});
        self.organization.client().patch(&format!("/admin/api/categories/{id}"), &body)
    }

    /// left, right and level of categories.
    fn numbers(&self, ids: &[&str]) -> Vec<[i64; 3]> {
        ids.iter()
            .map(|id| {
                let attributes = self.attributes(id);
                ["left", "right", "level"].map(|name| attributes[name].as_i64().unwrap())
            })
            .collect()
    }

    fn attributes(&self, id: &str) -> Value {
        let answer = self.organization.client().get(&format!("/admin/api/categories/{id}")).expect(200);
        answer.json()["data"]["attributes"].clone()
    }
}

#[test]
fn places_follow_creation_moves_and_deletion() {
    let tree = Tree::new();
    let lamps = tree.add("lamps", &tree.root);
    let desk = tree.add("desk", &lamps);
    let tools = tree.add("tools", &tree.root);
    let all = [tree.root.as_str(), &lamps, &desk, &tools];
    assert_eq!(tree.numbers(&all), [[1, 8, 0], [2, 5, 1], [3, 4, 2], [6, 7, 1]]);

    tree.place(&lamps, &tools).expect(200);
    assert_eq!(tree.numbers(&all), [[1, 8, 0], [3, 6, 2], [4, 5, 3], [2, 7, 1]]);
    let attributes = tree.attributes(&desk);
    assert_eq!(attributes["materializedPath"], json!(format!("{}_{tools}_{lamps}_{desk}", tree.root)));
    assert_eq!(attributes["root"].to_string(), tree.root);

    tree.organization.client().delete(&format!("/admin/api/categories/{desk}")).expect(204);
    assert_eq!(tree.numbers(&[&tree.root, &lamps, &tools]), [[1, 6, 0], [3, 4, 2], [2, 5, 1]]);
}

#[test]
fn a_category_is_pushed_twice_and_stays_one() {
    let tree = Tree::new();
    let first = tree.push("lamps", &tree.root).expect(201);
    let again = tree.push("lamps", &tree.root).expect(200);
    assert_eq!(first.id(), again.id());
    let titles = tree.organization.client().get(&format!("/admin/api/categories/{}/titles", first.id())).expect(200);
    assert_eq!(titles.json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn a_category_is_never_above_itself() {
    let tree = Tree::new();
    let lamps = tree.add("lamps", &tree.root);
    let desk = tree.add("desk", &lamps);
    for (id, parent) in [(&lamps, &desk), (&lamps, &lamps)] {
        let error = tree.place(id, parent).expect(400).error();
        assert_eq!(error["source"]["pointer"], "/data/relationships/parentCategory/data");
    }
    assert_eq!(tree.numbers(&[&lamps, &desk]), [[2, 5, 1], [3, 4, 2]]);
}

#[test]
fn a_category_with_others_below_is_not_deleted() {
    let tree = Tree::new();
    let lamps = tree.add("lamps", &tree.root);
    tree.add("desk", &lamps);
    let error = tree.organization.client().delete(&format!("/admin/api/categories/{lamps}")).expect(403).error();
    assert!(error["detail"].as_str().unwrap().contains("still used by"), "{error}");
}

/// Simultaneous pushes into one tree leave no gap and no overlap.
#[test]
fn simultaneous_categories_get_different_places() {
    let tree = Tree::new();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let tree = &tree;
            scope.spawn(move || tree.add(&format!("c{number}"), &tree.root));
        }
    });
    let list = tree.organization.client().get("/admin/api/categories").expect(200).json();
    let mut numbers: Vec<i64> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|category| ["left", "right"].map(|name| category["attributes"][name].as_i64().unwrap()))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=14).collect::<Vec<i64>>());
}
