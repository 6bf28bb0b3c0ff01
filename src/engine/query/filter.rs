//! Filters (contract, section 4).
//!
//! ```text
//! filter   = "filter[" path "]" *( "[" path "]" ) [ "[" operator "]" ] "=" value
//! path     = name *( "." name )                ; brackets and dots are the same
//! name     = "id" / field / relationship / type of a polymorphic relationship's target / extra filter
//! operator = one of the descriptors' operators; the last bracket is one when it has the name of one
//! ```
//!
//! Filters are AND-ed; of the same path with the same operator the last counts.

use super::value::{Given, Match, Sort};
use super::{Parameter, Request, unknown, value};
use crate::engine::field::Field;
use crate::engine::filter::{FilterSpec, Operator};
use crate::engine::kind::Storage;
use crate::engine::predicate::{Operand, Predicate, Test};
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{FilterTarget, IdKind, Ident, Resource};
use crate::engine::value::Value;
use crate::error::Error;

/// Every filter of a resource that is no path through a relationship.
pub fn names(resource: &'static Resource) -> impl Iterator<Item = &'static str> {
    std::iter::once("id")
        .chain(resource.fields.iter().filter(|field| field.filter.is_some()).map(|field| field.name))
        .chain(relations(resource).map(|(relation, _)| relation.name))
        .chain(resource.extra_filters.iter().map(|filter| filter.name))
}

/// The relationships that can be filtered: of a union each of its branches, `filter[target.customers]`.
pub fn relations(resource: &'static Resource) -> impl Iterator<Item = (&'static Relation, FilterSpec)> {
    resource.visible_relations().flat_map(|relation| {
        let branches = match relation.link {
            Link::Union { .. } => resource.branches(relation).collect(),
            Link::Polymorphic { .. } => Vec::new(),
            _ => vec![relation],
        };
        branches.into_iter().filter_map(move |branch| Some((branch, relation.filter_spec_for(branch)?)))
    })
}

/// What a filter's path leads to.
struct Filter {
    /// The relationships passed on the way.
    path: Vec<&'static Relation>,
    end: End,
    spec: FilterSpec,
}

enum End {
    Id(&'static Resource),
    Field(&'static Field),
    Relation(&'static Relation),
    /// A polymorphic relationship, and the target meant.
    OneOf(&'static Relation, &'static Resource),
    JsonMember {
        column: Ident,
        member: &'static str,
    },
}

pub(super) fn parse(request: &Request<'_>, parameters: &[Parameter], errors: &mut Vec<Error>) -> Predicate {
    if parameters.len() > request.limits.filters {
        let limit = request.limits.filters;
        let detail = format!("At most {limit} filters can be used in a request. Given {}.", parameters.len());
        errors.push(Error::filter(detail).parameter(&parameters[limit].key));
        return Predicate::False;
    }
    let mut found: Vec<((String, Operator), Predicate)> = Vec::new();
    for parameter in parameters {
        let (path, operator) = split(parameter);
        match one(request, parameter, &path, operator) {
            Ok(predicate) => {
                let key = (path.join("."), operator);
                found.retain(|(known, _)| *known != key);
                found.push((key, predicate));
            }
            Err(error) => errors.push(error),
        }
    }
    let mandatory = if request.route.page { request.resource.mandatory_filters } else { &[] };
    for name in mandatory {
        let given = found.iter().any(|((path, operator), _)| path == name && *operator == Operator::Eq);
        if !given && !parameters.iter().any(|parameter| split(parameter).0 == [*name]) {
            let detail = format!("The \"{name}\" filter is required.");
            errors.push(Error::filter(detail).parameter(format!("filter[{name}]")));
        }
    }
    Predicate::all(found.into_iter().map(|(_, predicate)| predicate))
}

fn split(parameter: &Parameter) -> (Vec<&str>, Operator) {
    let mut brackets = parameter.brackets.as_slice();
    let mut operator = Operator::Eq;
    if let [rest @ .., last] = brackets
        && !rest.is_empty()
        && let Some(named) = Operator::parse(last)
    {
        operator = named;
        brackets = rest;
    }
    (brackets.iter().flat_map(|bracket| bracket.split('.')).collect(), operator)
}

fn one(request: &Request<'_>, parameter: &Parameter, path: &[&str], operator: Operator) -> Result<Predicate, Error> {
    let Some(filter) = resolve(request.resource, path, request.limits.depth, false) else {
        return Err(unknown(request, parameter));
    };
    let refused = || parameter.error(format!("The operator \"{}\" is not supported.", operator.name()));
    if !filter.spec.operators.has(operator) {
        return Err(refused());
    }
    let text = parameter.value.as_str();
    let comparison = match operator {
        Operator::Exists | Operator::Empty => {
            Comparison::State(operator, value::parse_boolean(text).map_err(|detail| parameter.error(detail))?)
        }
        _ => {
            let collection = matches!(filter.end, End::Relation(relation) if relation.is_many());
            let many = match operator {
                Operator::Eq | Operator::Neq | Operator::NeqOrNull => true,
                Operator::Contains | Operator::NotContains => collection,
                _ => false,
            };
            let (list, range) = (many && filter.spec.list, many && filter.spec.range);
            let given = value::parse(filter.end.sort(), text, list, range).map_err(|detail| parameter.error(detail))?;
            if let Given::List(values) = &given
                && values.len() > request.limits.filter_values
            {
                let limit = request.limits.filter_values;
                let detail = format!("A list can have at most {limit} values. Given {}.", values.len());
                return Err(parameter.error(detail));
            }
            Comparison::With(operator, given)
        }
    };
    let folded = filter.spec.case_insensitive;
    filter.condition(comparison, folded).ok_or_else(refused)
}

#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack")]
enum Comparison {
    /// `exists` or `empty`.
    State(Operator, bool),
    With(Operator, Given),
}

impl Comparison {
    /// Whether it asks for members of a list.
    fn is_membership(&self) -> bool {
        matches!(self, Comparison::With(Operator::Contains | Operator::NotContains, _))
    }
}

/// Finds what a path leads to. `internal`: a descriptor's own path may pass hidden relationships.
fn resolve(resource: &'static Resource, path: &[&str], depth: usize, internal: bool) -> Option<Filter> {
    let joined = path.join(".");
    if let Some(extra) = resource.extra_filters.iter().find(|extra| extra.name == joined)
        && !internal
    {
        let filter = match extra.target {
            FilterTarget::Path(path) => resolve(resource, &path.split('.').collect::<Vec<_>>(), depth, true)?,
            FilterTarget::JsonMember { column, member } => {
                Filter { path: Vec::new(), end: End::JsonMember { column, member }, spec: extra.spec }
            }
        };
        return Some(Filter { spec: extra.spec, ..filter });
    }
    let (head, rest) = path.split_first()?;
    if rest.is_empty() {
        if *head == "id" {
            return Some(Filter { path: Vec::new(), end: End::Id(resource), spec: resource.id.filter });
        }
        if let Some(field) = resource.field(head) {
            let spec = if internal { field.filter.or(Some(NO_OPERATORS)) } else { field.filter };
            return Some(Filter { path: Vec::new(), end: End::Field(field), spec: spec? });
        }
    }
    let relation = resource.relation(head).filter(|relation| internal || !relation.hidden)?;
    if rest.is_empty() {
        if relation.is_polymorphic() {
            return None;
        }
        let spec = if internal { relation.filter_spec().or(Some(NO_OPERATORS)) } else { relation.filter_spec() };
        return Some(Filter { path: Vec::new(), end: End::Relation(relation), spec: spec? });
    }
    if let Link::Polymorphic { .. } = relation.link {
        let [name] = rest else { return None };
        let target = relation.targets().iter().copied().find(|target| target.name == *name)?;
        return Some(Filter { path: Vec::new(), end: End::OneOf(relation, target), spec: relation.filter_spec()? });
    }
    // The part after the dot is the resource type, and what is behind the type is that resource's.
    let (relation, rest) = match (&relation.link, rest) {
        (Link::Union { .. }, [name, rest @ ..]) => {
            let target = relation.targets().iter().copied().find(|target| target.name == *name)?;
            let branch = resource.branch(relation, target);
            if rest.is_empty() {
                let spec = relation.filter_spec_for(branch)?;
                return Some(Filter { path: Vec::new(), end: End::Relation(branch), spec });
            }
            (branch, rest)
        }
        _ => (relation, rest),
    };
    if depth == 0 {
        return None;
    }
    let mut filter = resolve(relation.target, rest, depth - 1, internal)?;
    filter.path.insert(0, relation);
    Some(filter)
}

/// Stands in until an extra filter's own specification replaces it.
const NO_OPERATORS: FilterSpec = FilterSpec::new(crate::engine::filter::Operators::of(&[]));

impl End {
    fn sort(&self) -> Sort {
        match self {
            End::Id(resource) | End::OneOf(_, resource) => Sort::Id(resource.id.kind),
            End::Field(field) => Sort::Kind(field.kind),
            End::Relation(relation) => Sort::Id(relation.target.id.kind),
            End::JsonMember { .. } => Sort::Kind(crate::engine::kind::Kind::Text),
        }
    }

    fn storage(&self) -> Storage {
        match self.sort() {
            Sort::Id(IdKind::Integer) => Storage::BigInt,
            Sort::Id(IdKind::Text) => Storage::Text,
            Sort::Id(IdKind::Guid { .. }) => Storage::Uuid,
            Sort::Kind(kind) => kind.storage(),
        }
    }
}

impl Filter {
    /// The condition, or `None` where the operator makes no sense for the column.
    fn condition(&self, comparison: Comparison, folded: bool) -> Option<Predicate> {
        if let End::JsonMember { column, member } = self.end {
            let predicate = members(&Operand::JsonMember { column, member }, comparison)?;
            return Some(self.on_path(predicate, false));
        }
        // What holds for "nothing" also holds where the path leads nowhere: the opposite is looked for, and denied.
        let (comparison, denied) = match comparison {
            Comparison::State(Operator::Exists, false) => (Comparison::State(Operator::Exists, true), true),
            Comparison::State(Operator::Empty, true) => (Comparison::State(Operator::Empty, false), true),
            Comparison::With(Operator::NeqOrNull, given) if !self.path.is_empty() => {
                (Comparison::With(Operator::Eq, given), true)
            }
            other => (other, false),
        };
        let operand = match &self.end {
            End::Id(_) => Operand::Id,
            End::Field(field) if folded => Operand::Folded(field.column),
            End::Field(field) => Operand::Column(field.column),
            End::JsonMember { .. } => return None,
            End::Relation(relation) => match relation.link {
                Link::ToOne { listed, .. } if !(listed && comparison.is_membership()) => Operand::ToOne(relation),
                _ => {
                    let inner = collection(relation, relation.target, comparison)?;
                    return Some(self.on_path(inner, denied));
                }
            },
            End::OneOf(relation, target) => {
                let inner = collection(relation, target, comparison)?;
                return Some(self.on_path(inner, denied));
            }
        };
        if denied && self.path.is_empty() {
            return absent(&operand, self.end.storage(), &comparison);
        }
        let inner = match comparison {
            Comparison::State(Operator::Exists, _) => Predicate::Test(operand, Test::NotNull),
            Comparison::State(..) => filled(&operand, self.end.storage()),
            Comparison::With(operator, given) => compare(&operand, operator, &given, self.end.storage())?,
        };
        Some(self.on_path(inner, denied))
    }

    fn on_path(&self, inner: Predicate, denied: bool) -> Predicate {
        let predicate = self.path.iter().rev().fold(inner, |inner, relation| Predicate::related(relation, inner));
        if denied { predicate.negate() } else { predicate }
    }
}

/// `exists=false` and `empty=true` on an own column, in a form that an index on it can serve.
fn absent(operand: &Operand, storage: Storage, comparison: &Comparison) -> Option<Predicate> {
    let null = Predicate::Test(operand.clone(), Test::Null);
    Some(match comparison {
        Comparison::State(Operator::Empty, _) => Predicate::any([null].into_iter().chain(empty(operand, storage))),
        _ => null,
    })
}

/// Equal to the storage's own empty value.
fn empty(operand: &Operand, storage: Storage) -> Option<Predicate> {
    let test = match storage {
        Storage::Text => Test::Eq(Value::Text(String::new())),
        Storage::Json => Test::EmptyJson,
        _ => return None,
    };
    Some(Predicate::Test(operand.clone(), test))
}

/// Neither null nor empty.
fn filled(operand: &Operand, storage: Storage) -> Predicate {
    let not_null = Predicate::Test(operand.clone(), Test::NotNull);
    Predicate::all([not_null].into_iter().chain(empty(operand, storage).map(Predicate::negate)))
}

fn compare(operand: &Operand, operator: Operator, given: &Given, storage: Storage) -> Option<Predicate> {
    let test = |test: Test| Predicate::Test(operand.clone(), test);
    let ordered = |make: fn(Value) -> Test| match given {
        Given::One(value) => Some(test(make(value.start()))),
        _ => None,
    };
    let pattern = |before: &str, after: &str| match given {
        Given::One(Match::One(Value::Text(text))) if storage == Storage::Text => {
            Some(format!("{before}{}{after}", escape_pattern(text)))
        }
        _ => None,
    };
    match operator {
        Operator::Eq => Some(equal(operand, given)),
        Operator::Neq => Some(not_equal(operand, given)),
        Operator::NeqOrNull => Some(Predicate::any([not_equal(operand, given), test(Test::Null)])),
        Operator::Gt => ordered(Test::Gt),
        Operator::Gte => ordered(Test::Gte),
        Operator::Lt => ordered(Test::Lt),
        Operator::Lte => ordered(Test::Lte),
        Operator::Contains => pattern("%", "%").map(|text| test(Test::Like(text))),
        Operator::NotContains => pattern("%", "%").map(|text| test(Test::NotLike(text))),
        Operator::StartsWith => pattern("", "%").map(|text| test(Test::Like(text))),
        Operator::NotStartsWith => pattern("", "%").map(|text| test(Test::NotLike(text))),
        Operator::EndsWith => pattern("%", "").map(|text| test(Test::Like(text))),
        Operator::NotEndsWith => pattern("%", "").map(|text| test(Test::NotLike(text))),
        Operator::Exists | Operator::Empty => None,
    }
}

/// The text with the signs of `LIKE` taken literally.
fn escape_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

fn equal(operand: &Operand, given: &Given) -> Predicate {
    let test = |test: Test| Predicate::Test(operand.clone(), test);
    match given {
        Given::One(Match::One(value)) => test(Test::Eq(value.clone())),
        Given::One(Match::Period(start, end)) => {
            Predicate::all([test(Test::Gte(start.clone())), test(Test::Lt(end.clone()))])
        }
        Given::List(values) => match array(values) {
            Some(array) => test(Test::In(array)),
            None => Predicate::any(values.iter().map(|value| equal(operand, &Given::One(value.clone())))),
        },
        Given::Range(from, to) => Predicate::all([
            test(Test::Gte(from.start())),
            test(match to {
                Match::One(value) => Test::Lte(value.clone()),
                Match::Period(_, end) => Test::Lt(end.clone()),
            }),
        ]),
    }
}

fn not_equal(operand: &Operand, given: &Given) -> Predicate {
    let test = |test: Test| Predicate::Test(operand.clone(), test);
    match given {
        Given::One(Match::One(value)) => test(Test::Ne(value.clone())),
        Given::One(Match::Period(start, end)) => {
            Predicate::any([test(Test::Lt(start.clone())), test(Test::Gte(end.clone()))])
        }
        Given::List(values) => match array(values) {
            Some(array) => test(Test::NotIn(array)),
            None => Predicate::all(values.iter().map(|value| not_equal(operand, &Given::One(value.clone())))),
        },
        Given::Range(from, to) => Predicate::any([
            test(Test::Lt(from.start())),
            test(match to {
                Match::One(value) => Test::Gt(value.clone()),
                Match::Period(_, end) => Test::Gte(end.clone()),
            }),
        ]),
    }
}

/// Exact values of one kind as one array to bind.
fn array(values: &[Match]) -> Option<Value> {
    macro_rules! all {
        ($one:ident, $many:ident) => {{
            let list = values.iter().map(|value| match value {
                Match::One(Value::$one(value)) => Some(value.clone()),
                _ => None,
            });
            Some(Value::$many(list.collect::<Option<Vec<_>>>()?))
        }};
    }
    match values.first()? {
        Match::One(Value::Text(_)) => all!(Text, Texts),
        Match::One(Value::Integer(_)) => all!(Integer, Integers),
        Match::One(Value::Numeric(_)) => all!(Numeric, Numerics),
        Match::One(Value::Uuid(_)) => all!(Uuid, Uuids),
        Match::One(Value::Date(_)) => all!(Date, Dates),
        Match::One(Value::DateTime(_)) => all!(DateTime, DateTimes),
        _ => None,
    }
}

/// A condition on the set of texts in a list of objects: the negative operators deny that any text matches.
fn members(operand: &Operand, comparison: Comparison) -> Option<Predicate> {
    let positive = |operator, given: &Given| compare(operand, operator, given, Storage::Text);
    match comparison {
        Comparison::State(operator, flag) => {
            let some = Predicate::Test(operand.clone(), Test::NotNull);
            Some(if flag == (operator == Operator::Exists) { some } else { some.negate() })
        }
        Comparison::With(operator, given) => match operator {
            Operator::Neq | Operator::NeqOrNull => positive(Operator::Eq, &given).map(Predicate::negate),
            Operator::NotContains => positive(Operator::Contains, &given).map(Predicate::negate),
            Operator::NotStartsWith => positive(Operator::StartsWith, &given).map(Predicate::negate),
            Operator::NotEndsWith => positive(Operator::EndsWith, &given).map(Predicate::negate),
            operator => positive(operator, &given),
        },
    }
}

/// A condition on the set of records at the far end of a relationship.
fn collection(relation: &'static Relation, target: &'static Resource, comparison: Comparison) -> Option<Predicate> {
    let some = |inner: Predicate| Predicate::Related { relation, target, inner: Box::new(inner), scoped: true };
    let (operator, given) = match comparison {
        Comparison::State(..) => return Some(some(Predicate::True)),
        Comparison::With(operator, given) => (operator, given),
    };
    let all = || {
        Predicate::all(match &given {
            Given::List(values) => {
                values.iter().map(|value| some(equal(&Operand::Id, &Given::One(value.clone())))).collect()
            }
            other => vec![some(equal(&Operand::Id, other))],
        })
    };
    match operator {
        Operator::Eq => Some(some(equal(&Operand::Id, &given))),
        Operator::Neq | Operator::NeqOrNull => Some(some(equal(&Operand::Id, &given)).negate()),
        Operator::Contains => Some(all()),
        Operator::NotContains => Some(all().negate()),
        Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte => {
            compare(&Operand::Id, operator, &given, Storage::BigInt).map(some)
        }
        _ => None,
    }
}
