//! Bodies in, chunks out.

use std::io::Cursor;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Chunk, Format, Limits, Splitter};
use crate::engine::field::{boolean, integer, money, text, text_list};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::Resource;
use crate::error::Error;

static BRAND: Resource = Resource::new("makers", "maker").fields(&[text("name")]);
static PRODUCT: Resource = Resource::new("things", "thing")
    .fields(&[text("sku"), money("price"), integer("stock"), boolean("sold"), text_list("tags")])
    .relations(&[to_one("maker", &BRAND, "maker_id"), to_many("parts", &BRAND, "thing_id")]);

const LIMITS: Limits = Limits { chunk: 3, chunk_bytes: 2000, included: 4, record_bytes: 1000, depth: 8, values: 50 };

fn open(body: impl AsRef<[u8]>, format: Format) -> Result<Splitter<Cursor<Vec<u8>>>, Error> {
    Splitter::open(Cursor::new(body.as_ref().to_vec()), format, &PRODUCT, LIMITS)
}

fn chunks(body: impl AsRef<[u8]>, format: Format) -> Vec<Chunk> {
    open(body, format).unwrap().map(|chunk| chunk.unwrap()).collect()
}

fn refusal(body: impl AsRef<[u8]>, format: Format) -> String {
    match open(body, format) {
        Ok(_) => "none".to_owned(),
        Err(error) => format!("{error}"),
    }
}

/// Places of the records and of what is included, chunk by chunk; shared ones negative.
fn places(chunks: &[Chunk]) -> Vec<(Vec<usize>, Vec<i64>)> {
    let included = |chunk: &Chunk| {
        chunk.included.iter().map(|item| if item.shared { -(item.index as i64) } else { item.index as i64 }).collect()
    };
    chunks.iter().map(|chunk| (chunk.data.iter().map(|item| item.index).collect(), included(chunk))).collect()
}

fn thing(id: usize, parts: &[&str]) -> Json {
    let parts: Vec<Json> = parts.iter().map(|id| json!({"type": "makers", "id": id})).collect();
    json!({"type": "things", "id": id.to_string(), "relationships": {"parts": {"data": parts}}})
}

fn maker(id: &str, of: Option<Json>) -> Json {
    json!({"type": "makers", "id": id, "relationships": {"of": {"data": of}}})
}

#[test]
fn a_document_comes_in_chunks_in_its_order() {
    let body = br#"{ "jsonapi": {"version": "1.1"}, "data" : [ {"type":"things","id":"a"} , 7,
        "text", null, {"type":"things"}], "meta": 5 }"#;
    let found = chunks(body, Format::Json);
    assert_eq!(places(&found), [(vec![0, 1, 2], vec![]), (vec![3, 4], vec![])]);
    let texts: Vec<&str> = found.iter().flat_map(|chunk| &chunk.data).map(|item| item.text.as_str()).collect();
    assert_eq!(texts, [r#"{"type":"things","id":"a"}"#, "7", "\"text\"", "null", r#"{"type":"things"}"#]);
    assert_eq!(open(body, Format::Json).unwrap().records(), 5);
}

#[test]
fn a_byte_order_mark_is_no_part_of_any_body() {
    assert_eq!(chunks("\u{feff}{\"data\":[{}]}", Format::Json)[0].data[0].text, "{}");
    assert_eq!(chunks("\u{feff}{}\r\n", Format::Ndjson)[0].data[0].text, "{}");
    assert_eq!(chunks("\u{feff}sku\r\nA\r\n", Format::Csv)[0].data[0].json().unwrap()["attributes"]["sku"], "A");
}

#[test]
fn broken_documents_are_refused_as_a_whole() {
    let json = |body: &str| refusal(body, Format::Json);
    assert_eq!(json(""), "400 request data constraint: The request data should not be empty.");
    assert_eq!(json("{}"), "400 request data constraint: The request data should not be empty.");
    assert!(json("[]").contains("an object with a \"data\" member"));
    assert!(json(r#"{"included":[]}"#).contains("collection should exist (/data)"));
    assert!(json(r#"{"data":[]}"#).contains("collection should not be empty (/data)"));
    assert!(json(r#"{"data":{}}"#).contains("collection should be an array (/data)"));
    assert!(json(r#"{"data":[{}],"included":{}}"#).contains("'included' property should be an array"));
    assert!(json(r#"{"data":[{}],"data":[{}]}"#).contains("there once (/data)"));
    for body in [
        r#"{"data":[{"a":1},{"a":}]}"#,
        r#"{"data":[{"a":1} {"a":2}]}"#,
        r#"{"data":[{"a":1}"#,
        r#"{"data":[{"a":1},]}"#,
        r#"{"data":[{"a":1}]} x"#,
        r#"{"data":[{"a":1}],}"#,
        r#"{"data" [{}]}"#,
        r#"{data:[{}]}"#,
        r#"{"data":[{"a":"#,
    ] {
        assert!(
            json(body).contains("request data constraint: Invalid json message received."),
            "{body}: {}",
            json(body)
        );
    }
    let broken = b"{\"data\":[{\"a\":\"\xff\"}]}";
    assert!(refusal(broken, Format::Json).contains("Invalid json message received."));
}

#[test]
fn a_record_has_its_limits() {
    let huge = format!(r#"{{"data":[{{"a":"{}"}}]}}"#, "x".repeat(2000));
    assert!(refusal(huge, Format::Json).contains("more than 1000 bytes, the limit of this server. (/data/0)"));
    let number = format!(r#"{{"data":[{}]}}"#, "1".repeat(2000));
    assert!(refusal(number, Format::Json).contains("more than 1000 bytes"));
    let deep = format!(r#"{{"data":[{}{}]}}"#, "[".repeat(20), "]".repeat(20));
    assert!(chunks(deep, Format::Json)[0].data[0].fault.as_ref().unwrap().contains("deeper than 8 levels"));
    let wide = format!(r#"{{"data":[[{}1]]}}"#, "1,".repeat(60));
    assert!(chunks(wide, Format::Json)[0].data[0].fault.as_ref().unwrap().contains("more than 50 members"));
}

#[test]
fn what_a_record_needs_comes_with_it_wherever_it_stands() {
    let data = json!([thing(0, &["a"]), thing(1, &[]), thing(2, &["c"]), thing(3, &["d"])]);
    let next = Some(json!({"type": "makers", "id": "b"}));
    let included = json!([maker("d", None), maker("c", None), maker("b", None), maker("a", next)]);
    let expected = [(vec![0], vec![2, 3]), (vec![1], vec![]), (vec![2], vec![1]), (vec![3], vec![0])];
    // Two included records are as many as a chunk of three takes beside one.
    let merged = |found: Vec<(Vec<usize>, Vec<i64>)>| {
        let mut all: Vec<(usize, Vec<i64>)> = Vec::new();
        for (records, included) in found {
            all.extend(records.iter().map(|record| (*record, included.clone())));
        }
        all
    };
    for body in
        [format!(r#"{{"data":{data},"included":{included}}}"#), format!(r#"{{"included":{included},"data":{data}}}"#)]
    {
        let found = chunks(&body, Format::Json);
        let records: Vec<usize> = found.iter().flat_map(|chunk| &chunk.data).map(|item| item.index).collect();
        assert_eq!(records, [0, 1, 2, 3]);
        for (record, needs) in expected.iter().flat_map(|(records, needs)| records.iter().map(move |one| (one, needs)))
        {
            let (_, brought) = &merged(places(&found))[*record];
            assert!(needs.iter().all(|place| brought.contains(place)), "{record} in {found:?}");
        }
        assert!(open(&body, Format::Json).unwrap().strays().is_empty());
    }
}

#[test]
fn what_several_chunks_need_is_shared() {
    let data: Vec<Json> = (0..7).map(|id| thing(id, &["all"])).collect();
    let next = Some(json!({"type": "makers", "id": "root"}));
    let body = json!({"data": data, "included": [maker("all", next), maker("root", None)]}).to_string();
    let found = places(&chunks(body, Format::Json));
    assert!(found.len() > 1);
    assert!(found.iter().all(|(_, included)| included.len() == 2 && included.iter().all(|place| *place <= 0)));
}

/// "The entity should have a relationship with at least one primary entity and this should be explicitly specified in
/// the request", pointer `/included/N` (contract 19).
#[test]
fn what_is_linked_with_nothing_is_told() {
    let body = json!({
        "data": [thing(0, &["a"]), thing(1, &[]), thing(2, &[]), thing(3, &[])],
        "included": [maker("a", None), maker("lost", None), maker("a", None), 5,
            maker("price", Some(json!({"type": "things", "id": "2"}))), maker("follows", Some(json!({"type": "makers", "id": "price"})))],
    });
    let splitter = open(body.to_string(), Format::Json).unwrap();
    let strays: Vec<String> = splitter.strays().iter().map(Error::to_string).collect();
    assert_eq!(strays.len(), 3, "{strays:?}");
    assert!(strays[0].contains("at least one primary entity") && strays[0].ends_with("(/included/1)"));
    assert!(strays[1].contains("duplicates the item with the index 0") && strays[1].ends_with("(/included/2)"));
    assert!(strays[2].ends_with("(/included/3)"));
    let found: Vec<Chunk> = splitter.map(|chunk| chunk.unwrap()).collect();
    let with_two = found.iter().find(|chunk| chunk.data.iter().any(|item| item.index == 2)).unwrap();
    let brought: Vec<usize> = with_two.included.iter().map(|item| item.index).collect();
    assert!(brought.contains(&4) && brought.contains(&5), "{found:?}");
}

#[test]
fn a_record_that_needs_too_much_fails_alone() {
    let body = json!({
        "data": [thing(0, &["a", "b", "c", "d", "e"]), thing(1, &["a"])],
        "included": (["a", "b", "c", "d", "e"]).map(|id| maker(id, None)),
    });
    let found = chunks(body.to_string(), Format::Json);
    let items: Vec<_> = found.iter().flat_map(|chunk| &chunk.data).collect();
    assert!(items[0].fault.as_ref().unwrap().contains("more than 4 included records"));
    assert_eq!(items[1].fault, None);
}

#[test]
fn a_broken_line_is_a_fault_of_its_record_alone() {
    let long = "x".repeat(2000);
    let body = format!("{{\"a\":1}}\r\n\n  \n{{\"a\":\n{{\"a\":2}}\n{long}\n\"caf\u{e9}\"");
    let mut bytes = body.into_bytes();
    bytes.extend_from_slice(b"\n{\"a\":\"\xff\"}");
    let found: Vec<_> = chunks(&bytes, Format::Ndjson).into_iter().flat_map(|chunk| chunk.data).collect();
    let told: Vec<(usize, u64, bool)> =
        found.iter().map(|item| (item.index, item.line.unwrap(), item.fault.is_some())).collect();
    assert_eq!(
        told,
        [(0, 1, false), (1, 4, true), (2, 5, false), (3, 6, true), (4, 7, false), (5, 8, true)],
        "empty lines do not count"
    );
    assert!(found[1].fault.as_ref().unwrap().starts_with("Line 4: Invalid json message received."));
    assert!(found[3].fault.as_ref().unwrap().starts_with("Line 6: The record has more than 1000 bytes"));
    assert!(found[5].fault.as_ref().unwrap().contains("UTF-8"));
    assert!(refusal("\n \n", Format::Ndjson).contains("should not be empty (/data)"));
    assert!(refusal("", Format::Ndjson).contains("The request data should not be empty."));
}

#[test]
fn a_row_becomes_a_resource_object() {
    let body = "id,meta.update,sku,price,sold,tags,maker,parts\n\
                7,true,\"A,\"\"1\"\"\n2\",12.50,TRUE,red; blue,3,4;5\n\
                8,,#N/A,,,,#N/A,#N/A\n";
    let found = chunks(body, Format::Csv);
    assert_eq!(
        found[0].data[0].json().unwrap(),
        json!({"type": "things", "id": "7", "meta": {"update": true},
            "attributes": {"sku": "A,\"1\"\n2", "price": "12.50", "sold": true, "tags": ["red", "blue"]},
            "relationships": {"maker": {"data": {"type": "makers", "id": "3"}},
                "parts": {"data": [{"type": "makers", "id": "4"}, {"type": "makers", "id": "5"}]}}})
    );
    assert_eq!(
        found[0].data[1].json().unwrap(),
        json!({"type": "things", "id": "8", "attributes": {"sku": null},
            "relationships": {"maker": {"data": null}, "parts": {"data": []}}})
    );
    assert_eq!(found[0].data.iter().map(|item| item.line).collect::<Vec<_>>(), [Some(2), Some(4)]);
}

#[test]
fn columns_may_be_parted_by_semicolons_or_tabs() {
    for delimiter in [";", "\t"] {
        let body = ["sku", "meta.upsert"].join(delimiter) + "\n" + &["A,B", "\"sku;maker\""].join(delimiter);
        let object = chunks(body, Format::Csv)[0].data[0].json().unwrap();
        assert_eq!(object["attributes"]["sku"], "A,B");
        assert_eq!(object["meta"]["upsert"], json!(["sku", "maker"]));
    }
}

#[test]
fn broken_tables_are_told() {
    let csv = |body: &str| refusal(body, Format::Csv);
    assert!(csv("sku,color\n1,2\n").contains("The column \"color\" is nothing that \"things\" has. Its columns: id,"));
    assert!(csv("sku,sku\n1,2\n").contains("The column \"sku\" is there twice."));
    assert!(csv("sku\n").contains("should not be empty (/data)"));
    assert!(csv("").contains("The request data should not be empty."));
    let open_quote = format!("sku\n\"{}", "x\n".repeat(100_000));
    assert!(csv(&open_quote).contains("Line 2: The record has more than 1000 bytes"));
    let found = chunks("sku,price\nA,1\nB\nC,1,2\n\nD,2\n", Format::Csv);
    let faults: Vec<Option<&str>> =
        found.iter().flat_map(|chunk| &chunk.data).map(|item| item.fault.as_deref()).collect();
    assert_eq!(
        faults,
        [
            None,
            Some("Line 3: The row has 1 cells, and there are 2 columns."),
            Some("Line 4: The row has 3 cells, and there are 2 columns."),
            None
        ]
    );
}

proptest! {
    /// Nothing that is sent makes a splitter panic or run for ever, and each record comes once.
    #[test]
    fn any_bytes_are_split_or_refused(
        body in proptest::collection::vec(proptest::num::u8::ANY, 0..300),
        text in r#"[{}\[\]",:a0 \n]{0,80}"#
    ) {
        for format in [Format::Json, Format::Ndjson, Format::Csv] {
            for body in [body.as_slice(), text.as_bytes()] {
                let Ok(splitter) = open(body, format) else { continue };
                let records = splitter.records();
                let indexes: Vec<usize> =
                    splitter.flat_map(|chunk| chunk.unwrap().data).map(|item| item.index).collect();
                prop_assert_eq!(indexes, (0..records).collect::<Vec<_>>());
            }
        }
    }

    /// Whoever names whom: each record comes once, with everything that it names, and what two chunks have is shared.
    #[test]
    fn every_record_has_what_it_names(
        records in proptest::collection::vec(proptest::collection::vec(0..6_usize, 0..2), 1..12),
        included in proptest::collection::vec(proptest::option::of(0..18_usize), 0..6),
        first in proptest::bool::ANY,
    ) {
        let label = |place: usize| format!("m{place}");
        let data: Vec<Json> = records.iter().enumerate().map(|(id, parts)| {
            let parts: Vec<String> = parts.iter().map(|part| label(*part)).collect();
            thing(id, &parts.iter().map(String::as_str).collect::<Vec<_>>())
        }).collect();
        let made: Vec<Json> = included.iter().enumerate().map(|(place, of)| {
            maker(&label(place), of.map(|of| match of {
                0..6 => json!({"type": "makers", "id": label(of)}),
                _ => json!({"type": "things", "id": (of - 6).to_string()}),
            }))
        }).collect();
        let (data, made) = (json!(data), json!(made));
        let body = match first {
            true => format!(r#"{{"included":{made},"data":{data}}}"#),
            false => format!(r#"{{"data":{data},"included":{made}}}"#),
        };
        let splitter = open(&body, Format::Json).unwrap();
        let strays: Vec<String> = splitter.strays().iter().map(Error::to_string).collect();
        let found: Vec<Chunk> = splitter.map(|chunk| chunk.unwrap()).collect();
        let indexes: Vec<usize> = found.iter().flat_map(|chunk| &chunk.data).map(|item| item.index).collect();
        prop_assert_eq!(indexes, (0..records.len()).collect::<Vec<_>>());
        for place in 0..included.len() {
            let times = found.iter().flat_map(|chunk| &chunk.included).filter(|item| item.index == place).count();
            let lost = strays.iter().any(|stray| stray.ends_with(&format!("(/included/{place})")));
            prop_assert_eq!(times == 0, lost, "{} is in a chunk or told: {:?}", place, found);
            for item in found.iter().flat_map(|chunk| &chunk.included).filter(|item| item.index == place) {
                prop_assert_eq!(item.shared, times > 1);
                prop_assert_eq!(item.json().unwrap(), made[place].clone());
            }
        }
        for chunk in &found {
            let has = |place: usize| chunk.included.iter().any(|item| item.index == place);
            for item in chunk.data.iter().filter(|item| item.fault.is_none()) {
                for part in records[item.index].iter().filter(|part| **part < included.len()) {
                    prop_assert!(has(*part), "{} names {}: {:?}", item.index, part, found);
                }
            }
            for item in &chunk.included {
                if let Some(of @ 0..6) = included[item.index] {
                    prop_assert!(of >= included.len() || has(of), "{} names {}", item.index, of);
                }
            }
        }
    }
}

/// What failed is given back as it was sent, with a column for the reason; that column may be sent again.
#[test]
fn rows_keep_their_cells_and_a_reason_is_passed_over() {
    let found = chunks("sku;price;meta.errors\n\"A;1\";1.50;This value is too long.\nB\n", Format::Csv);
    let sheet = found[0].sheet.as_ref().unwrap();
    assert_eq!((sheet.delimiter, sheet.columns.join("|").as_str()), (b';', "sku|price|meta.errors"));
    let [first, second] = found[0].data.as_slice() else { panic!("{found:?}") };
    assert_eq!(first.cells, ["A;1", "1.50", "This value is too long."]);
    assert_eq!(first.json().unwrap(), json!({"type": "things", "attributes": {"sku": "A;1", "price": "1.50"}}));
    assert_eq!(second.cells, ["B"]);
    assert!(second.fault.is_some());
}

#[test]
fn a_chunk_ends_with_the_record_that_makes_it_large() {
    let limits = Limits { chunk_bytes: 150, ..LIMITS };
    let text = "x".repeat(60);
    let row = |id: &str| format!(r#"{{"type":"things","id":"{id}","attributes":{{"sku":"{text}"}}}}"#);
    let rows = ["a", "b", "c"].map(row);
    let included = r#"{"type":"makers","id":"m","relationships":{"of":{"data":{"type":"things","id":"a"}}}}"#;
    let bodies = [
        (format!(r#"{{"data":[{}]}}"#, rows.join(",")), Format::Json, [2, 1].as_slice()),
        (format!(r#"{{"data":[{}],"included":[{included}]}}"#, rows.join(",")), Format::Json, &[1, 2]),
        (rows.join("\n"), Format::Ndjson, &[2, 1]),
        (format!("sku\n{text}\n{text}\n{text}\n"), Format::Csv, &[2, 1]),
    ];
    for (body, format, expected) in bodies {
        let splitter = Splitter::open(Cursor::new(body.into_bytes()), format, &PRODUCT, limits).unwrap();
        let counts: Vec<usize> = splitter.map(|chunk| chunk.unwrap().data.len()).collect();
        assert_eq!(counts, expected, "{format:?}");
    }
}
