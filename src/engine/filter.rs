//! Which filter operators a field or relationship offers (contract 4.2): data, declared in the descriptors.

/// A filter operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Operator {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    Exists,
    NeqOrNull,
    Contains,
    NotContains,
    StartsWith,
    NotStartsWith,
    EndsWith,
    NotEndsWith,
    Empty,
}

impl Operator {
    /// Every operator, in the contract's order.
    pub const ALL: [Operator; 15] = [
        Operator::Eq,
        Operator::Neq,
        Operator::Gt,
        Operator::Gte,
        Operator::Lt,
        Operator::Lte,
        Operator::Exists,
        Operator::NeqOrNull,
        Operator::Contains,
        Operator::NotContains,
        Operator::StartsWith,
        Operator::NotStartsWith,
        Operator::EndsWith,
        Operator::NotEndsWith,
        Operator::Empty,
    ];

    /// The name between the brackets of `filter[field][name]`.
    pub const fn name(self) -> &'static str {
        match self {
            Operator::Eq => "eq",
            Operator::Neq => "neq",
            Operator::Gt => "gt",
            Operator::Gte => "gte",
            Operator::Lt => "lt",
            Operator::Lte => "lte",
            Operator::Exists => "exists",
            Operator::NeqOrNull => "neq_or_null",
            Operator::Contains => "contains",
            Operator::NotContains => "not_contains",
            Operator::StartsWith => "starts_with",
            Operator::NotStartsWith => "not_starts_with",
            Operator::EndsWith => "ends_with",
            Operator::NotEndsWith => "not_ends_with",
            Operator::Empty => "empty",
        }
    }

    /// The operator of that name.
    pub fn parse(name: &str) -> Option<Operator> {
        Operator::ALL.into_iter().find(|operator| operator.name() == name)
    }
}

/// A set of operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operators(u16);

impl Operators {
    /// The set of the listed operators.
    pub const fn of(list: &[Operator]) -> Operators {
        let mut bits = 0;
        let mut i = 0;
        while i < list.len() {
            bits |= 1 << list[i] as u8;
            i += 1;
        }
        Operators(bits)
    }

    /// The union of two sets.
    pub const fn and(self, other: Operators) -> Operators {
        Operators(self.0 | other.0)
    }

    /// Whether the operator is in the set.
    pub const fn has(self, operator: Operator) -> bool {
        self.0 & (1 << operator as u8) != 0
    }

    /// The members, in the contract's order.
    pub fn iter(self) -> impl Iterator<Item = Operator> {
        Operator::ALL.into_iter().filter(move |operator| self.has(*operator))
    }
}

/// `eq neq exists neq_or_null`: strings, booleans, enums, associations.
pub const EQUALITY: Operators = Operators::of(&[Operator::Eq, Operator::Neq, Operator::Exists, Operator::NeqOrNull]);
/// The equality operators and the four comparisons: numbers, dates, associations with numeric ids.
pub const COMPARISON: Operators =
    EQUALITY.and(Operators::of(&[Operator::Lt, Operator::Lte, Operator::Gt, Operator::Gte]));
/// To-many associations: equality, `contains` and `not_contains`.
pub const COLLECTION: Operators = EQUALITY.and(Operators::of(&[Operator::Contains, Operator::NotContains]));
/// Pattern matching on strings; must be enabled field by field.
pub const PATTERN: Operators = Operators::of(&[
    Operator::Contains,
    Operator::NotContains,
    Operator::StartsWith,
    Operator::NotStartsWith,
    Operator::EndsWith,
    Operator::NotEndsWith,
]);

/// What a filter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterSpec {
    pub operators: Operators,
    /// Whether a comma separates a list of values.
    pub list: bool,
    /// Whether two dots separate a range.
    pub range: bool,
    /// Whether letter case is ignored (order `identifier` and `poNumber`).
    pub case_insensitive: bool,
}

impl FilterSpec {
    pub const fn new(operators: Operators) -> FilterSpec {
        FilterSpec { operators, list: false, range: false, case_insensitive: false }
    }

    pub const fn lists(mut self) -> FilterSpec {
        self.list = true;
        self
    }

    pub const fn ranges(mut self) -> FilterSpec {
        self.range = true;
        self
    }
}
