//! Conditions on the rows of one resource, before they are SQL: what filters ask and what rights demand.
//!
//! Input: the query parsers and `acl`. Output: trees that [`super::sql::predicate`] writes. Pure data.

use super::field::Literal;
use super::key::Key;
use super::relation::Relation;
use super::resource::{IdKind, Ident, Resource};
use super::value::Value;

/// A condition on one row of a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    True,
    False,
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    /// Holds where the inner condition is false or unknown.
    Not(Box<Predicate>),
    Test(Operand, Test),
    /// At least one record at the other end of the relationship satisfies `inner`.
    Related {
        relation: &'static Relation,
        /// The relationship's target; of a polymorphic one, the target meant.
        target: &'static Resource,
        inner: Box<Predicate>,
        /// Whether only records count that the caller may view.
        scoped: bool,
    },
    /// The columns, compared as a row, come after the values (before them when `less`).
    Beyond {
        columns: Vec<Ident>,
        values: Vec<Value>,
        less: bool,
    },
    /// The row is at the far end of a relationship of the record `key` of `owner`.
    LinkedFrom {
        owner: &'static Resource,
        relation: &'static Relation,
        key: Key,
    },
}

/// What a test looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// The id column.
    Id,
    Column(Ident),
    /// The column in lower case.
    Folded(Ident),
    /// The foreign key of a to-one; a target that the caller may not view counts as none.
    ToOne(&'static Relation),
    /// Each text at `member` of the objects in a `jsonb` array; the test holds when it holds for one of them.
    JsonMember {
        column: Ident,
        member: &'static str,
    },
}

/// How an operand is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Eq(Value),
    Ne(Value),
    Gt(Value),
    Gte(Value),
    Lt(Value),
    Lte(Value),
    /// One of the values of an array.
    In(Value),
    NotIn(Value),
    Null,
    NotNull,
    /// A `LIKE` pattern, already escaped.
    Like(String),
    NotLike(String),
    /// A `jsonb` value that is an empty array or object.
    EmptyJson,
    /// One of the ids that `table` lists in `pick` for the values in `by`, or `also`.
    Among {
        table: Ident,
        pick: Ident,
        by: Ident,
        values: Vec<i64>,
        also: i64,
    },
}

impl Predicate {
    /// All of them; trivial parts vanish.
    pub fn all(parts: impl IntoIterator<Item = Predicate>) -> Predicate {
        let mut list = Vec::new();
        for part in parts {
            match part {
                Predicate::True => {}
                Predicate::False => return Predicate::False,
                Predicate::All(inner) => list.extend(inner),
                other => list.push(other),
            }
        }
        match list.len() {
            0 => Predicate::True,
            1 => list.swap_remove(0),
            _ => Predicate::All(list),
        }
    }

    /// One of them; trivial parts vanish.
    pub fn any(parts: impl IntoIterator<Item = Predicate>) -> Predicate {
        let mut list = Vec::new();
        for part in parts {
            match part {
                Predicate::False => {}
                Predicate::True => return Predicate::True,
                Predicate::Any(inner) => list.extend(inner),
                other => list.push(other),
            }
        }
        match list.len() {
            0 => Predicate::False,
            1 => list.swap_remove(0),
            _ => Predicate::Any(list),
        }
    }

    /// Where this does not hold, or is unknown.
    pub fn negate(self) -> Predicate {
        match self {
            Predicate::True => Predicate::False,
            Predicate::False => Predicate::True,
            Predicate::Not(inner) => *inner,
            other => Predicate::Not(Box::new(other)),
        }
    }

    /// The record of that id.
    pub fn is(resource: &'static Resource, key: &Key) -> Predicate {
        let id = Predicate::Test(Operand::Id, Test::Eq(Value::from(key)));
        match (resource.id.kind, key) {
            (IdKind::Guid { suffix }, Key::Guid(_, number)) => {
                Predicate::All(vec![id, Predicate::Test(Operand::Column(suffix), Test::Eq(Value::Integer(*number)))])
            }
            _ => id,
        }
    }

    /// The column has the value.
    pub fn condition((column, literal): &(Ident, Literal)) -> Predicate {
        let value = match *literal {
            Literal::Text(text) => Value::Text(text.to_owned()),
            Literal::Integer(number) => Value::Integer(number),
            Literal::Boolean(flag) => Value::Boolean(flag),
            // A moment that moves is no condition.
            Literal::Now => return Predicate::False,
        };
        Predicate::Test(Operand::Column(*column), Test::Eq(value))
    }

    /// Whether it looks at own columns only.
    pub fn is_simple(&self) -> bool {
        match self {
            Predicate::True | Predicate::False | Predicate::Beyond { .. } => true,
            Predicate::All(parts) | Predicate::Any(parts) => parts.iter().all(Predicate::is_simple),
            Predicate::Not(inner) => inner.is_simple(),
            Predicate::Test(operand, _) => !matches!(operand, Operand::JsonMember { .. }),
            Predicate::Related { .. } | Predicate::LinkedFrom { .. } => false,
        }
    }

    /// Records that have a record at the other end of a relationship, of which `inner` holds.
    pub fn related(relation: &'static Relation, inner: Predicate) -> Predicate {
        Predicate::Related { relation, target: relation.target, inner: Box::new(inner), scoped: true }
    }
}
