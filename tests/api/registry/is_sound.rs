//! What no compiler sees: names that meet, ends that agree, paths that lead somewhere.

use std::collections::BTreeSet;

use entrepot::engine::registry::Registry;
use entrepot::engine::relation::{Link, Relation};
use entrepot::engine::resource::{FilterTarget, Ownership, Resource, Title};

use super::registries;

/// Runs `find` over every resource of both registries and fails with all it found.
fn expect_none(find: impl Fn(&Registry, &'static Resource, &mut Vec<String>)) {
    let mut found = Vec::new();
    for registry in registries() {
        for resource in registry.resources {
            let mut of_resource = Vec::new();
            find(&registry, resource, &mut of_resource);
            found.extend(of_resource.into_iter().map(|line| format!("{} {}: {line}", registry.name, resource.name)));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn types_are_unique_and_sorted() {
    for registry in registries() {
        let names: Vec<&str> = registry.resources.iter().map(|resource| resource.name).collect();
        let sorted: Vec<&str> = BTreeSet::from_iter(names.iter().copied()).into_iter().collect();
        assert_eq!(names, sorted, "{}", registry.name);
    }
}

#[test]
fn members_of_a_resource_have_different_names() {
    expect_none(|_, resource, found| {
        let mut seen = BTreeSet::from(["id", "type"]);
        let fields = resource.fields.iter().map(|field| field.name);
        for name in fields.chain(resource.relations.iter().map(|relation| relation.name)) {
            if !seen.insert(name) {
                found.push(format!("{name} is there twice"));
            }
        }
    });
}

#[test]
fn related_resources_are_in_the_registry() {
    expect_none(|registry, resource, found| {
        for relation in resource.visible_relations() {
            for target in relation.targets() {
                if registry.get(target.name) != Some(*target) {
                    found.push(format!("{} points at {}, which is not here", relation.name, target.name));
                }
            }
        }
    });
}

#[test]
fn a_list_and_its_inverse_agree() {
    expect_none(|_, resource, found| {
        for relation in resource.relations {
            if let Some(line) = inverse_fault(resource, relation) {
                found.push(format!("{}: {line}", relation.name));
            }
        }
    });
}

/// A to-many over a foreign key needs the to-one at the other end, unless it is the organization's own column; a
/// to-many over a join table has to mirror the other side's, if there is one.
fn inverse_fault(resource: &'static Resource, relation: &Relation) -> Option<String> {
    match relation.link {
        Link::ToMany { column } => {
            let back = relation
                .target
                .relations
                .iter()
                .find(|back| matches!(back.link, Link::ToOne { column: own, .. } if own == column));
            match back {
                Some(back) if back.target.table == resource.table => None,
                Some(back) => Some(format!("{} points back at {}", back.name, back.target.name)),
                None => Some(format!("{} has no relationship over {}", relation.target.name, column.as_str())),
            }
        }
        Link::Through { table, own, target, .. } => relation.target.relations.iter().find_map(|back| match back.link {
            _ if std::ptr::eq(back, relation) => None,
            Link::Through { table: same, own: back_own, target: back_target, .. } if same == table => {
                (back_own != target || back_target != own).then(|| format!("{} uses other columns", back.name))
            }
            _ => None,
        }),
        Link::ToOne { .. } | Link::Polymorphic { .. } | Link::Union { .. } => None,
    }
}

/// A union has a hidden relationship for each of its targets, and every such relationship a union.
#[test]
fn unions_have_a_branch_for_each_target() {
    expect_none(|_, resource, found| {
        for relation in resource.relations {
            if let Link::Union { targets, many } = relation.link {
                for target in targets {
                    let branch = resource.branch(relation, target);
                    let kept = matches!(
                        (&branch.link, many),
                        (Link::ToOne { listed: false, .. }, false) | (Link::Through { slot: None, .. }, true)
                    );
                    if branch.name != format!("{}.{}", relation.name, target.name) || !kept || !branch.hidden {
                        found.push(format!("{} has no relationship for {}", relation.name, target.name));
                    }
                }
                if resource.branches(relation).count() != targets.len() {
                    found.push(format!("{} has another relationship below it", relation.name));
                }
            }
            if relation.name.contains('.') && resource.union_of(relation).is_none() {
                found.push(format!("{} belongs to nothing", relation.name));
            }
        }
    });
}

#[test]
fn parts_reach_their_parent() {
    expect_none(|_, resource, found| {
        let (Ownership::Part(parents) | Ownership::AllOf(parents)) = resource.ownership else { return };
        if parents.is_empty() {
            found.push("is a part of nothing".to_owned());
        }
        for name in parents {
            match resource.relation(name) {
                None => found.push(format!("is a part of {name}, which is no relationship")),
                Some(parent) if ends_in_a_record(parent.target, 8) => {}
                Some(_) => found.push(format!("the chain of parents through {name} does not end")),
            }
        }
    });
}

fn ends_in_a_record(resource: &'static Resource, steps: u32) -> bool {
    match resource.ownership {
        Ownership::Part(_) if steps == 0 => false,
        Ownership::Part(parents) => parents
            .iter()
            .filter_map(|name| resource.relation(name))
            .all(|parent| ends_in_a_record(parent.target, steps - 1)),
        _ => true,
    }
}

#[test]
fn owners_are_relationships() {
    expect_none(|_, resource, found| {
        let owners = match resource.ownership {
            Ownership::User(column) => vec![(column, "users")],
            Ownership::BusinessUnit(column) => vec![(column, "businessunits")],
            Ownership::Customer { column, .. } => vec![(column, "customers")],
            Ownership::CustomerUser { user, customer } => vec![(user, "customerusers"), (customer, "customers")],
            Ownership::Reference | Ownership::Organization | Ownership::Part(_) | Ownership::AllOf(_) => return,
        };
        for (column, target) in owners {
            // A record may own itself.
            if column == resource.id.column && resource.name == target {
                continue;
            }
            let owner = resource
                .relations
                .iter()
                .find(|relation| matches!(relation.link, Link::ToOne { column: own, .. } if own == column));
            if owner.is_none_or(|owner| owner.target.name != target) {
                found.push(format!("the owner column {} is no relationship to {target}", column.as_str()));
            }
        }
    });
}

#[test]
fn unique_keys_and_titles_name_members() {
    expect_none(|_, resource, found| {
        for key in resource.unique {
            for member in key.members {
                if resource.field(member).is_none() && resource.relation(member).is_none() {
                    found.push(format!("{} names {member}", key.constraint));
                }
            }
        }
        for member in resource.matched_by {
            if resource.field(member).is_none() && resource.relation(member).is_none() {
                found.push(format!("is matched by {member}"));
            }
        }
        if let Title::Localized(texts) = resource.title
            && resource.relation(texts).is_none_or(|relation| relation.target.field("string").is_none())
        {
            found.push(format!("the title is in {texts}, which is no list of texts"));
        }
    });
}

#[test]
fn filters_lead_to_members() {
    expect_none(|_, resource, found| {
        for filter in resource.extra_filters {
            if let FilterTarget::Path(path) | FilterTarget::Without(path) = filter.target
                && !leads_somewhere(resource, path)
            {
                found.push(format!("the filter {} asks for {path}", filter.name));
            }
        }
        for name in resource.mandatory_filters {
            let field = resource.field(name).is_some_and(|field| field.filter.is_some());
            let relation = resource.relation(name).is_some_and(|relation| relation.filter_spec().is_some());
            let extra = resource.extra_filters.iter().any(|filter| filter.name == *name);
            if !(field || relation || extra) {
                found.push(format!("the mandatory filter {name} does not exist"));
            }
        }
    });
}

fn leads_somewhere(resource: &'static Resource, path: &str) -> bool {
    match path.split_once('.') {
        Some((name, rest)) => resource.relation(name).is_some_and(|relation| leads_somewhere(relation.target, rest)),
        None => path == "id" || resource.field(path).is_some() || resource.relation(path).is_some(),
    }
}

#[test]
fn every_resource_and_default_says_what_it_is() {
    expect_none(|_, resource, found| {
        if resource.about.is_empty() {
            found.push("has no sentence for the API document".to_owned());
        }
        if !resource.about.is_empty() && !resource.about.trim_end().ends_with('.') {
            found.push(format!("\"{}\" is no sentence", resource.about));
        }
    });
}
