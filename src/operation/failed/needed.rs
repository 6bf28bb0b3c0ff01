//! Who names whom among the records of a chunk, by type and by the id in the request. Pure.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

/// What a record of a request goes by in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    kind: String,
    id: String,
}

impl Name {
    /// That of a resource object, or that which an identifier names.
    pub fn of(object: &Json) -> Option<Name> {
        let id = object.get("id").or_else(|| object.get("lid"))?.as_str()?;
        Some(Name { kind: object.get("type")?.as_str()?.to_owned(), id: id.to_owned() })
    }
}

/// The identifiers in the relationships of an object.
fn identifiers(object: &Json) -> impl Iterator<Item = &Json> {
    let relationships = object.get("relationships").and_then(Json::as_object).into_iter().flat_map(|all| all.values());
    relationships.filter_map(|relationship| relationship.get("data")).flat_map(|data| match data {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    })
}

/// What an object names.
pub fn named(object: &Json) -> HashSet<Name> {
    identifiers(object).filter_map(Name::of).collect()
}

/// Which of the included records the failed ones need: what they name, what that names, and what only names one of them.
pub fn needed(failed: &[Json], written: &[Json], included: Vec<(usize, Json)>) -> Vec<(usize, Json)> {
    let places: HashMap<Name, usize> =
        included.iter().enumerate().filter_map(|(place, (_, object))| Some((Name::of(object)?, place))).collect();
    let links: Vec<HashSet<Name>> = included.iter().map(|(_, object)| named(object)).collect();
    let reach = |reached: &mut HashSet<usize>, from: Vec<Name>| {
        let mut waiting = from;
        while let Some(name) = waiting.pop() {
            if let Some(place) = places.get(&name)
                && reached.insert(*place)
            {
                waiting.extend(links[*place].iter().cloned());
            }
        }
    };
    let mut of_others = HashSet::new();
    reach(&mut of_others, written.iter().flat_map(named).collect());
    let mut kept = HashSet::new();
    reach(&mut kept, failed.iter().flat_map(named).collect());
    let mut names: HashSet<Name> = failed.iter().filter_map(Name::of).collect();
    loop {
        names.extend(kept.iter().filter_map(|place| Name::of(&included[*place].1)));
        let followers: Vec<usize> = (0..included.len())
            .filter(|place| !kept.contains(place) && !of_others.contains(place))
            .filter(|place| !links[*place].is_disjoint(&names))
            .collect();
        if followers.is_empty() {
            break;
        }
        for place in followers {
            kept.insert(place);
            reach(&mut kept, links[place].iter().cloned().collect());
        }
    }
    let kept = included.into_iter().enumerate().filter(|(place, _)| kept.contains(place));
    kept.map(|(_, item)| item).collect()
}

/// Has the relationships of an object name records by their ids, where those are known by now.
pub fn rename(object: &mut Json, ids: &HashMap<Name, String>) {
    let relationships = object.get_mut("relationships").and_then(Json::as_object_mut);
    for relationship in relationships.into_iter().flat_map(|all| all.values_mut()) {
        let list = match relationship.get_mut("data") {
            Some(Json::Array(list)) => list.as_mut_slice(),
            Some(one) => std::slice::from_mut(one),
            None => continue,
        };
        for identifier in list {
            if let Some(id) = Name::of(identifier).and_then(|name| ids.get(&name))
                && let Some(members) = identifier.as_object_mut()
            {
                members.shift_remove("lid");
                members.insert("id".to_owned(), Json::String(id.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(kind: &str, id: &str, names: &[(&str, &str)]) -> Json {
        let data: Vec<Json> = names.iter().map(|(kind, id)| json!({"type": kind, "id": id})).collect();
        json!({"type": kind, "id": id, "relationships": {"of": {"data": data}}})
    }

    #[test]
    fn a_failed_record_takes_along_what_belongs_to_it_alone() {
        let failed = [object("products", "a", &[("names", "an"), ("brands", "x")])];
        let written = [object("products", "b", &[("names", "bn")])];
        let included = vec![
            (0, object("names", "an", &[("locales", "l")])),
            (1, object("names", "bn", &[])),
            (2, object("prices", "ap", &[("products", "a")])),
            (3, object("prices", "bp", &[("products", "b")])),
            (4, object("locales", "l", &[])),
        ];
        let places: Vec<usize> = needed(&failed, &written, included).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, [0, 2, 4]);
    }

    #[test]
    fn references_become_ids() {
        let mut product = object("products", "a", &[("brands", "x"), ("brands", "y")]);
        product["relationships"]["of"]["data"][0] = json!({"type": "brands", "lid": "x"});
        let name = Name { kind: "brands".to_owned(), id: "x".to_owned() };
        rename(&mut product, &HashMap::from([(name, "7".to_owned())]));
        let expected = json!([{"type": "brands", "id": "7"}, {"type": "brands", "id": "y"}]);
        assert_eq!(product["relationships"]["of"]["data"], expected);
    }
}
