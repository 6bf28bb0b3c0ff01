//! An expression that was parsed and whose types fit.

use std::collections::BTreeSet;
use std::fmt;

use rust_decimal::Decimal;

use super::names::{PriceMember, ProductName};
use super::parser;

/// Characters of an expression.
pub const LONGEST: usize = 2000;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Number,
    Text,
    Boolean,
    Null,
}

impl Type {
    /// With its article, for errors.
    pub const fn noun(self) -> &'static str {
        match self {
            Type::Number => "a number",
            Type::Text => "a text",
            Type::Boolean => "true or false",
            Type::Null => "null",
        }
    }
}

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of characters before the place.
    pub place: usize,
    /// Without the full stop.
    pub message: String,
}

impl Fault {
    pub fn new(place: usize, message: impl Into<String>) -> Fault {
        Fault { place, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at position {}.", self.message, self.place + 1)
    }
}

/// What an operator does with its two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    Plus,
    Minus,
    Times,
    Divided,
    Remainder,
}

/// One node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Number(Decimal),
    Text(String),
    Boolean(bool),
    Null,
    Product(&'static ProductName),
    /// A member of a price of the list with that id.
    Price(i64, PriceMember),
    Not(Box<Node>),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    /// One of these numbers, or none of them.
    AmongNumbers {
        value: Box<Node>,
        list: Vec<Decimal>,
        negated: bool,
    },
    /// One of these texts, or none of them.
    AmongTexts {
        value: Box<Node>,
        list: Vec<String>,
        negated: bool,
    },
}

/// A whole expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression(pub(super) Node);

impl Expression {
    /// Reads an expression that has to be of a type.
    pub fn parse(text: &str, expected: Type) -> Result<Expression, Fault> {
        if text.chars().count() > LONGEST {
            return Err(Fault::new(LONGEST, format!("An expression has at most {LONGEST} characters; it goes on")));
        }
        parser::parse(text, expected).map(Expression)
    }

    /// A text as an expression.
    pub fn text(text: &str) -> Expression {
        Expression(Node::Text(text.to_owned()))
    }

    /// A number as an expression.
    pub fn number(number: Decimal) -> Expression {
        Expression(Node::Number(number))
    }

    /// The members of prices that it names, by list.
    pub fn prices(&self) -> BTreeSet<(i64, PriceMember)> {
        let mut found = BTreeSet::new();
        self.0.collect_prices(&mut found);
        found
    }
}

impl Node {
    fn collect_prices(&self, found: &mut BTreeSet<(i64, PriceMember)>) {
        match self {
            Node::Price(list, member) => {
                found.insert((*list, *member));
            }
            Node::Not(inner) | Node::Negative(inner) => inner.collect_prices(found),
            Node::Binary(_, left, right) => {
                left.collect_prices(found);
                right.collect_prices(found);
            }
            Node::AmongNumbers { value, .. } | Node::AmongTexts { value, .. } => value.collect_prices(found),
            Node::Number(_) | Node::Text(_) | Node::Boolean(_) | Node::Null | Node::Product(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str, expected: Type) -> String {
        Expression::parse(text, expected).unwrap_err().to_string()
    }

    #[test]
    fn operators_bind_as_in_arithmetic() {
        let same = |one: &str, other: &str, expected| {
            assert_eq!(Expression::parse(one, expected), Expression::parse(other, expected), "{one}");
            assert!(Expression::parse(one, expected).is_ok(), "{one}");
        };
        same("1 + 2 * 3", "1 + (2 * 3)", Type::Number);
        same("1 - 2 - 3", "(1 - 2) - 3", Type::Number);
        same("-2 * 3", "(-2) * 3", Type::Number);
        same("1 + 1 == 2 and 3 > 2 or false", "(((1 + 1) == 2) && (3 > 2)) || false", Type::Boolean);
        same("not true or true", "(!true) or true", Type::Boolean);
        same(
            "product.id not in [1, 2] and product.featured",
            "(product.id not in [1,2]) and product.featured",
            Type::Boolean,
        );
        same("product.sku matches \"A%\"", "product.sku matches 'A%'", Type::Boolean);
    }

    #[test]
    fn names_lead_to_members() {
        let rule = Expression::parse("pricelist[7].prices.value * 1.2", Type::Number).unwrap();
        assert_eq!(rule.prices(), BTreeSet::from([(7, PriceMember::Value)]));
        for text in ["product.category.id == 3", "product.brand == null", "product.primaryUnitPrecision.unit == 'item'"]
        {
            Expression::parse(text, Type::Boolean).unwrap();
        }
    }

    #[test]
    fn faults_name_their_place() {
        assert_eq!(fault("1 +", Type::Number), "Unexpected the end, a value was expected at position 4.");
        assert_eq!(fault("1 1", Type::Number), "Unexpected \"1\", an operator was expected at position 3.");
        assert_eq!(fault("(1", Type::Number), "Unexpected the end, \")\" was expected at position 3.");
        assert_eq!(fault("'a", Type::Text), "The quote has no end at position 1.");
        assert_eq!(fault("1 # 2", Type::Number), "The sign \"#\" is not known at position 3.");
        assert_eq!(fault("product.sku * 2", Type::Number), "A number was expected, this is a text at position 1.");
        assert_eq!(fault("1 == 'a'", Type::Boolean), "A number was expected, this is a text at position 6.");
        assert_eq!(fault("1 and true", Type::Boolean), "True or false was expected, this is a number at position 1.");
        assert_eq!(fault("1", Type::Boolean), "True or false was expected, this is a number at position 1.");
        assert_eq!(
            fault("product.id in [1, 'a']", Type::Boolean),
            "A number was expected, this is a text at position 19."
        );
        assert_eq!(
            fault("product.id in []", Type::Boolean),
            "Unexpected \"]\", a number or a text was expected at position 16."
        );
        let text = fault("product.nothing", Type::Number);
        assert!(text.starts_with("\"nothing\" is none of a product's members (\"id\", \"sku\","), "{text}");
        let text = fault("1 + pricelist[1].prices.tax", Type::Number);
        let known = "\"value\", \"quantity\", \"unit\", \"currency\"";
        assert_eq!(text, format!("\"tax\" is none of a price's members ({known}) at position 5."));
        let text = fault("customer.id", Type::Number);
        assert!(text.starts_with("\"customer\" is none of what can be named"), "{text}");
        assert!(fault("99999999999999999999999999999999", Type::Number).starts_with("The number 9"));
        assert!(fault(&"(".repeat(1500), Type::Number).contains("deeper than"));
        assert!(fault(&"1+".repeat(1500), Type::Number).contains("at most 2000"));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused_at_a_place_of_its_own(text in "\\PC{0,60}") {
            for expected in [Type::Number, Type::Text, Type::Boolean] {
                if let Err(fault) = Expression::parse(&text, expected) {
                    prop_assert!(fault.place <= text.chars().count());
                }
            }
        }

        #[test]
        fn words_in_any_order_do_not_panic(words in proptest::collection::vec(prop_oneof![
            "product", "\\.", "sku", "id", "pricelist", "\\[", "\\]", "1", "prices", "value", "and", "not", "in", "==",
            "\\+", "-", "\\*", "/", "\\(", "\\)", "'a'", "null", "matches", ","
        ], 0..20)) {
            drop(Expression::parse(&words.join(" "), Type::Boolean));
        }
    }
}
