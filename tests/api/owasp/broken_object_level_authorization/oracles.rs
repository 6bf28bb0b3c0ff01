//! API1, by comparison: what a list's order, its rows and their number tell of values that the caller may not view.

use entrepot::engine::field::Field;
use entrepot::engine::filter::Operator;
use entrepot::engine::kind::Kind;
use serde_json::{Value, json};

use super::listed::{Hidden, ask, each_hidden, nothing};
use super::told;
use crate::every_resource::bodies::World;
use crate::support::client::{Answer, Client};
use crate::support::organization::unique;
use crate::support::shop::{Shop, line, one};

/// Values to compare a field with: its own, and one on either side of it. Empty where there is nothing to compare.
fn probes(field: &Field, value: &Value) -> Vec<String> {
    let own = match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => return vec![yes.to_string(), (!yes).to_string()],
        _ => return Vec::new(),
    };
    let sides = match field.kind {
        Kind::Text | Kind::LongText => ["!", "~~~"].map(str::to_owned),
        Kind::Date => ["1900-01-01", "2999-01-01"].map(str::to_owned),
        Kind::DateTime => ["1900-01-01T00:00:00Z", "2999-01-01T00:00:00Z"].map(str::to_owned),
        Kind::Integer | Kind::BigInt | Kind::Float | Kind::Decimal | Kind::Money => {
            ["-99999", "99999"].map(str::to_owned)
        }
        Kind::Enum(values) => [values.first(), values.last()].map(|one| one.copied().unwrap_or_default().to_owned()),
        _ => ["00000000-0000-4000-8000-000000000000", "A"].map(str::to_owned),
    };
    [own].into_iter().chain(sides).collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Halving intervals: `filter[owner.loginCount][gt]=7` is answered alike for each number, with each operator of each field, whatever
/// stands in a record that is hidden.
#[test]
fn hidden_values_by_every_comparison() {
    let world = World::new();
    let mut compared = 0;
    each_hidden(&world, |hidden| {
        let Hidden { resource, relation, list, linked, user } = hidden;
        let path = format!("/admin/api/{}/{linked}", relation.target.name);
        let record = world.client().get(&path).expect(200).json();
        for field in relation.target.fields {
            let Some(spec) = field.filter else { continue };
            let of = format!("filter[{}.{}] of {}", relation.name, field.name, resource.name);
            let probes = probes(field, &record["data"]["attributes"][field.name]);
            for operator in spec.operators.iter() {
                let name = format!("{list}&filter[{}.{}][{}]", relation.name, field.name, operator.name());
                if matches!(operator, Operator::Exists | Operator::Empty) {
                    let asked = ask(user, &format!("{name}={}", operator == Operator::Exists));
                    if operator == Operator::Exists && asked.status == 200 {
                        nothing(&asked, &of);
                    }
                    continue;
                }
                let total = |answer: &Answer| answer.header("X-Include-Total-Count").to_owned();
                let answers: Vec<Answer> =
                    probes.iter().map(|value| ask(user, &format!("{name}={}", encoded(value)))).collect();
                let answers: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
                for pair in answers.windows(2) {
                    let alike = told(pair[0]) == told(pair[1]) && total(pair[0]) == total(pair[1]);
                    assert!(alike, "{of}, {}: {} and {}", operator.name(), pair[0].text, pair[1].text);
                    compared += 1;
                }
            }
        }
    });
    assert!(compared > 500, "{compared}");
}

/// The ids of a list in the order that is asked for.
fn order(client: &Client, kind: &str, of: &[&String], sort: &str) -> Vec<String> {
    let ids: Vec<&str> = of.iter().map(|id| id.as_str()).collect();
    let path = format!("/admin/api/{kind}?filter[id]={}&sort={sort}", ids.join(","));
    let list = client.get(&path).expect(200).json();
    list["data"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

/// Two records whose links are in the opposite order of their own ids: who may not view what is linked sees them in the order
/// of their ids, by whatever end of whatever path the list is sorted; who may view it does not.
#[track_caller]
fn sorted(seeing: &Client, blind: &Client, kind: &str, (first, second): (&String, &String), paths: &[&str]) {
    let both = [first, second];
    for path in paths {
        assert_eq!(order(seeing, kind, &both, path), [second.clone(), first.clone()], "{kind} by {path}");
        assert_eq!(order(blind, kind, &both, path), [first.clone(), second.clone()], "{kind} by {path}");
        let falling = format!("-{path}");
        assert_eq!(order(seeing, kind, &both, &falling), [first.clone(), second.clone()], "{kind} by {falling}");
        assert_eq!(order(blind, kind, &both, &falling), [second.clone(), first.clone()], "{kind} by {falling}");
    }
}

/// Sorting is comparing: a list's order tells nothing of records that the caller may not view, of their ids, their values, and what
/// lies behind them.
#[test]
fn hidden_values_by_the_order_of_a_list() {
    let shop = Shop::new();
    let name = |text: &str| json!({"name": format!("{text}-{}", unique("name"))});
    let groups = ["a", "z"].map(|text| shop.create("customergroups", &name(text), &json!({})));
    let level = json!({"customers": {"VIEW": "user"}, "orders": {"VIEW": "organization"}});
    let blind = shop.organization.user_who_may(&level);
    let own = json!({"data": {"type": "users", "id": blind.id.to_string()}});
    let parents = [0, 1].map(|place| {
        let group = one("customergroups", &groups[place]);
        shop.create("customers", &name(["a", "z"][place]), &json!({"group": group}))
    });
    // Its own links go the other way round.
    let [first, second] = [1, 0].map(|place: usize| {
        let links = json!({
            "parent": one("customers", &parents[place]), "group": one("customergroups", &groups[place]), "owner": own,
        });
        shop.create("customers", &name("own"), &links)
    });
    for (owner, child) in [(&second, "a"), (&first, "z")] {
        shop.create("customers", &name(child), &json!({"parent": one("customers", owner)}));
    }
    let paths = [
        "parent",
        "parent.id",
        "parent.name",
        "parent.group",
        "parent.group.name",
        "group",
        "group.name",
        "children.name",
    ];
    sorted(shop.client(), &blind.client, "customers", (&first, &second), &paths);

    let products = ["a", "z"].map(|sku| shop.product(&unique(sku), &[("item", 0)]));
    let [first, second] = [1, 0].map(|place: usize| {
        let body = [line("1", &products[place], &json!(1), "1")];
        let order = shop.try_order(&body).expect(201).id();
        let customer = json!({"customer": one("customers", &parents[place])});
        let body = json!({"data": {"type": "orders", "id": order, "relationships": customer}});
        shop.client().patch(&format!("/admin/api/orders/{order}"), &body).expect(200);
        order
    });
    let paths = ["customer", "customer.name", "customer.group.name", "lineItems.product", "lineItems.product.sku"];
    sorted(shop.client(), &blind.client, "orders", (&first, &second), &paths);
}
