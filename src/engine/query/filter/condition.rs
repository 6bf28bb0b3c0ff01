//! From a path, an operator and a value to a predicate.

use super::path::{End, Filter};
use crate::engine::filter::Operator;
use crate::engine::kind::Storage;
use crate::engine::predicate::{Operand, Predicate, Test};
use crate::engine::query::value::{Given, Match};
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::Resource;
use crate::engine::value::Value;

/// What is asked of the value at the end of the path.
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack")]
pub(super) enum Comparison {
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

impl Filter {
    /// The condition, or `None` where the operator makes no sense for the column.
    pub(super) fn condition(&self, comparison: Comparison, folded: bool) -> Option<Predicate> {
        if let End::JsonMember { column, member } = self.end {
            let predicate = members(&Operand::JsonMember { column, member }, comparison)?;
            return Some(self.on_path(predicate, false));
        }
        if let End::Without(relation) = self.end {
            let Comparison::With(Operator::Eq, Given::One(Match::One(Value::Boolean(with)))) = comparison else {
                return None;
            };
            let any = Predicate::related(relation, Predicate::True);
            return Some(self.on_path(if with { Predicate::True } else { any.negate() }, false));
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
            End::JsonMember { .. } | End::Without(_) => return None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::resource::Ident;

    /// LIKE's own signs are ordinary characters in a filter.
    #[test]
    fn patterns_are_text() {
        let operand = Operand::Column(Ident::new("sku"));
        let given = Given::One(Match::One(Value::Text("a%b_c\\d".to_owned())));
        for (operator, pattern) in [
            (Operator::Contains, "%a\\%b\\_c\\\\d%"),
            (Operator::StartsWith, "a\\%b\\_c\\\\d%"),
            (Operator::EndsWith, "%a\\%b\\_c\\\\d"),
        ] {
            let expected = Predicate::Test(operand.clone(), Test::Like(pattern.to_owned()));
            assert_eq!(compare(&operand, operator, &given, Storage::Text), Some(expected));
        }
    }
}
