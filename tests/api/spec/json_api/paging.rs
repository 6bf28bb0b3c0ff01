//! Pages by number and by cursor.

use serde_json::{Value, json};

use super::world::{World, customer, ids};
use super::{Check, check};

/// Follows `next` from a first page; the ids, page by page.
fn pages(world: &World, path: &str) -> Vec<Vec<String>> {
    let mut document = world.get(path).expect(200).json();
    let mut pages = Vec::new();
    loop {
        pages.push(ids(&document).into_iter().map(str::to_owned).collect());
        assert!(pages.len() < 20, "the pages do not end");
        let Some(next) = document["links"]["next"].as_str() else { return pages };
        document = world.follow(next).expect(200).json();
    }
}

fn link(document: &Value, name: &str) -> Option<String> {
    document["links"].get(name).and_then(Value::as_str).map(str::to_owned)
}

fn cursor(document: &Value, index: usize) -> String {
    document["data"][index]["meta"]["page"]["cursor"].as_str().unwrap().to_owned()
}

fn refused(world: &World, query: &str, key: &str) {
    let error = world.get(&format!("/products?{query}")).expect(400).error();
    assert_eq!(error["source"]["parameter"], json!(key), "{error}");
}

pub const CHECKS: &[Check] = &[
    check("PG-01 PG-02", "links name the pages there are", |world| {
        let first = world.get("/products?page[size]=2").expect(200).json();
        assert!(link(&first, "next").is_some() && link(&first, "prev").is_none() && link(&first, "first").is_none());
        let second = world.follow(&link(&first, "next").unwrap()).expect(200).json();
        assert!(link(&second, "next").is_some() && link(&second, "prev").is_some() && link(&second, "first").is_some());
        let last = world.follow(&link(&second, "next").unwrap()).expect(200).json();
        assert!(link(&last, "next").is_none() && link(&last, "prev").is_some());
    }),
    check("PG-03", "following next shows every record once, in order", |world| {
        let pages = pages(world, "/products?page[size]=2&sort=-sku");
        let mut wanted = world.products.clone();
        wanted.reverse();
        assert_eq!(pages.concat(), wanted);
    }),
    check("PG-04", "links keep the other parameters", |world| {
        let path = "/products?page[size]=1&filter[sku]=A,B&sort=-sku&include=owner&fields[products]=sku,owner";
        let next = link(&world.get(path).expect(200).json(), "next").unwrap();
        for part in ["page%5Bsize%5D=1", "filter%5Bsku%5D=A", "sort=-sku", "include=owner", "fields%5Bproducts%5D=sku"]
        {
            assert!(next.contains(part), "{part} is missing in {next}");
        }
        let second = world.follow(&next).expect(200).json();
        assert_eq!(ids(&second), [&world.products[0]]);
    }),
    check("PG-05", "more rows than the limit are refused by name", |world| {
        refused(world, "page[size]=1000000", "page[size]");
    }),
    check("PG-06", "a page past the end is empty", |world| {
        assert_eq!(world.get("/products?page[number]=999999").expect(200).json()["data"], json!([]));
    }),
    check("PG-07", "a page that is none is 400", |world| {
        refused(world, "page[size]=abc", "page[size]");
        refused(world, "page[number]=0", "page[number]");
        refused(world, "page[size]=-5", "page[size]");
    }),
    check(
        "CP-03 CP-04 CP-07",
        "a cursor page starts with the first record and has the asked or the default size",
        |world| {
            let document = world.get("/products?page[after]=&page[size]=3").expect(200).json();
            assert_eq!(ids(&document), world.products[..3]);
            for _ in 0..8 {
                world.post("/customers", &customer("One of many")).expect(201);
            }
            assert_eq!(ids(&world.get("/customers?page[after]=").expect(200).json()).len(), 10);
        },
    ),
    check("CP-05 CP-06", "after a cursor comes the next record, before it the one right before", |world| {
        let all = world.get("/products?page[after]=&page[size]=5").expect(200).json();
        let after = format!("/products?page[size]=2&page[after]={}", cursor(&all, 1));
        assert_eq!(ids(&world.get(&after).expect(200).json()), world.products[2..4]);
        let before = format!("/products?page[size]=2&page[before]={}", cursor(&all, 3));
        assert_eq!(ids(&world.get(&before).expect(200).json()), world.products[1..3]);
    }),
    check("CP-08", "a cursor that is none is 400", |world| {
        refused(world, "page[after]=garbage", "page[after]");
        refused(world, "page[before]=garbage", "page[before]");
    }),
    check("CP-09", "both ends at once are refused", |world| {
        refused(world, "page[after]=&page[before]=x", "page[before]");
    }),
    check("CP-12", "records that the sort does not tell apart have one order", |world| {
        let pages = pages(world, "/products?page[after]=&page[size]=2&sort=featured");
        assert_eq!(pages.concat(), world.products);
    }),
    check("CP-14", "every record of a cursor page has its cursor; a total is shown when asked for", |world| {
        let document = world.get("/products?page[after]=&page[size]=2").expect(200).json();
        for index in 0..2 {
            assert!(!cursor(&document, index).is_empty());
        }
        let counted = world.client().send(reqwest::Method::GET, "/admin/api/products?page[size]=2", |request| {
            request.header("X-Include", "totalCount")
        });
        let counted = counted.expect(200);
        assert_eq!(counted.header("X-Include-Total-Count"), "5");
        assert_eq!(counted.json()["meta"]["page"]["total"], json!(5));
    }),
    check("CP-15 SO-05", "records that come and go between two pages neither repeat nor hide the others", |world| {
        let name = |name: &str| world.post("/customers", &customer(name)).expect(201).id();
        let [a, b, c, d] = ["Walk 1", "Walk 2", "Walk 3", "Walk 4"].map(name);
        let list = format!("/customers?filter[id]={a},{b},{c},{d}&page[after]=&page[size]=2&sort=-name");
        let first = world.get(&list).expect(200).json();
        assert_eq!(ids(&first), [&d, &c]);
        world.client().delete(&format!("/admin/api/customers/{d}")).expect(204);
        name("Walk 5");
        let second = world.follow(first["links"]["next"].as_str().unwrap()).expect(200).json();
        assert_eq!(ids(&second), [&b, &a]);
    }),
];
