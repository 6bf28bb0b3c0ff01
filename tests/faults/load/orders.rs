//! Single writes: orders are created, changed and deleted, most of them with a key that is repeated until there is an
//! answer.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::{Value, json};

use super::End;
use crate::client::{Answer, Client};
use crate::history::{LINES, Order, Step};

const ORDERS: &str = "/admin/api/orders";

/// What an order is made of.
pub struct Goods {
    customer: String,
    product: String,
    unit: String,
}

impl Goods {
    /// Some that the demonstration has.
    pub fn find(client: &Client) -> Goods {
        let first = |path: &str| client.get(path).json()["data"][0].clone();
        let precision = first("/admin/api/productunitprecisions?page[size]=1");
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no goods: {precision}")).to_owned();
        Goods {
            customer: text(&first("/admin/api/customers?page[size]=1")["id"]),
            product: text(&precision["relationships"]["product"]["data"]["id"]),
            unit: text(&precision["relationships"]["unit"]["data"]["id"]),
        }
    }

    fn order(&self, identifier: &str) -> Value {
        let one = |kind: &str, id: &str| json!({"data": {"type": kind, "id": id}});
        let lines: Vec<String> = (0..LINES).map(|n| format!("line-{n}")).collect();
        let linkage: Vec<Value> = lines.iter().map(|id| json!({"type": "orderlineitems", "id": id})).collect();
        let line = |id: &String| {
            json!({
                "type": "orderlineitems", "id": id,
                "attributes": {"quantity": 1, "value": "2.5", "currency": "USD"},
                "relationships": {"product": one("products", &self.product), "productUnit": one("productunits", &self.unit)},
            })
        };
        json!({
            "data": {
                "type": "orders",
                "attributes": {"identifier": identifier, "currency": "USD"},
                "relationships": {"customer": one("customers", &self.customer), "lineItems": {"data": linkage}},
            },
            "included": lines.iter().map(line).collect::<Vec<_>>(),
        })
    }
}

/// One client.
pub struct Writer<'a> {
    client: &'a Client,
    goods: &'a Goods,
    number: u64,
    choices: StdRng,
    refusals: Vec<String>,
}

impl<'a> Writer<'a> {
    pub fn new(client: &'a Client, goods: &'a Goods, number: u64, choices: StdRng) -> Writer<'a> {
        Writer { client, goods, number, choices, refusals: Vec::new() }
    }

    /// Orders until the stop, and what should not have been answered.
    pub fn work(mut self, end: &End) -> (Vec<Order>, Vec<String>) {
        let mut orders = Vec::new();
        while !end.is_near() {
            let identifier = format!("fault-{}-{}", self.number, orders.len());
            orders.push(self.order(identifier));
        }
        (orders, self.refusals)
    }

    fn order(&mut self, identifier: String) -> Order {
        let mut order = Order { identifier, ..Order::default() };
        self.step(&mut order, Step::Create);
        for change in 0..self.choices.random_range(0..4) {
            if order.uncertain || order.id.is_none() {
                return order;
            }
            self.step(&mut order, Step::Renumber(format!("PO-{change}")));
        }
        if !order.uncertain && order.id.is_some() && self.choices.random_ratio(1, 3) {
            self.step(&mut order, Step::Delete);
        }
        order
    }

    fn step(&mut self, order: &mut Order, step: Step) {
        let item = format!("{ORDERS}/{}", order.id.as_deref().unwrap_or_default());
        let (method, path, body, status) = match &step {
            Step::Create => (Method::POST, ORDERS.to_owned(), self.goods.order(&order.identifier), 201),
            Step::Renumber(number) => {
                let data = json!({"type": "orders", "id": order.id, "attributes": {"poNumber": number}});
                (Method::PATCH, item, json!({ "data": data }), 200)
            }
            Step::Delete => (Method::DELETE, item, Value::Null, 204),
        };
        let key = format!("{}/{}", order.identifier, order.steps.len());
        // Some clients know nothing of keys: they never repeat a write.
        let key = self.choices.random_ratio(9, 10).then_some(key);
        order.steps.push(step);
        match self.repeat(&method, &path, key.as_deref(), &body) {
            None => order.uncertain = true,
            Some(answer) if answer.status == status => note(order, &answer),
            Some(answer) => {
                order.uncertain = true;
                self.refusals
                    .push(format!("{method} {path} ({}): {} {}", order.identifier, answer.status, answer.text));
            }
        }
    }

    /// Until there is an answer, or the client has no patience any more.
    fn repeat(&mut self, method: &Method, path: &str, key: Option<&str>, body: &Value) -> Option<Answer> {
        if let (Some(key), true) = (key, self.choices.random_ratio(1, 8)) {
            self.client.send_and_leave(method, path, key, body);
        }
        loop {
            match self.client.send(method, path, key, body) {
                Some(answer) if !answer.is_passing() => return Some(answer),
                _ if key.is_none() || self.choices.random_ratio(1, 20) => return None,
                _ => std::thread::sleep(Duration::from_millis(self.choices.random_range(10..150))),
            }
        }
    }
}

fn note(order: &mut Order, answer: &Answer) {
    let data = &answer.json()["data"];
    if let Some(id) = data["id"].as_str() {
        order.id = Some(id.to_owned());
    }
    if let (Some(lines), true) = (data["relationships"]["lineItems"]["data"].as_array(), order.lines.is_empty()) {
        order.lines = lines.iter().filter_map(|line| Some(line["id"].as_str()?.to_owned())).collect();
    }
}
