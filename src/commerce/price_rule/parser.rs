//! Tokens as a tree: precedence climbing, with types checked on the way up.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::expression::{Fault, Node, Operator, Type};
use super::lexer::{Token, What, tokens};
use super::names::{self, PriceMember};

/// Parentheses, signs and negations within each other.
const DEEPEST: usize = 50;

pub(super) fn parse(text: &str, expected: Type) -> Result<Node, Fault> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let whole = parser.expression(0)?;
    let token = parser.peek();
    if token.what != What::End {
        return Err(unexpected(token, "an operator"));
    }
    whole.expect(expected)?;
    Ok(whole.node)
}

/// A part of the tree with its type and place.
struct Part {
    node: Node,
    kind: Type,
    place: usize,
}

impl Part {
    fn expect(&self, expected: Type) -> Result<(), Fault> {
        if self.kind == expected {
            return Ok(());
        }
        let mut noun = expected.noun().to_owned();
        noun[..1].make_ascii_uppercase();
        Err(Fault::new(self.place, format!("{noun} was expected, this is {}", self.kind.noun())))
    }
}

/// An operator between two values: how strong it binds, and what it is.
fn infix(what: &What) -> Option<(u8, Infix)> {
    let text = match what {
        What::Word(word) => word.as_str(),
        What::Sign(sign) => sign,
        _ => return None,
    };
    Some(match text {
        "or" | "||" => (1, Infix::Binary(Operator::Or)),
        "and" | "&&" => (2, Infix::Binary(Operator::And)),
        "==" => (3, Infix::Binary(Operator::Equal)),
        "!=" => (3, Infix::Binary(Operator::Unequal)),
        "<" => (3, Infix::Binary(Operator::Less)),
        "<=" => (3, Infix::Binary(Operator::LessOrEqual)),
        ">" => (3, Infix::Binary(Operator::Greater)),
        ">=" => (3, Infix::Binary(Operator::GreaterOrEqual)),
        "matches" => (3, Infix::Binary(Operator::Matches)),
        "in" => (3, Infix::Among { negated: false }),
        "not" => (3, Infix::Among { negated: true }),
        "+" => (4, Infix::Binary(Operator::Plus)),
        "-" => (4, Infix::Binary(Operator::Minus)),
        "*" => (5, Infix::Binary(Operator::Times)),
        "/" => (5, Infix::Binary(Operator::Divided)),
        "%" => (5, Infix::Binary(Operator::Remainder)),
        _ => return None,
    })
}

#[derive(Clone, Copy)]
enum Infix {
    Binary(Operator),
    Among { negated: bool },
}

fn unexpected(token: &Token, expected: &str) -> Fault {
    Fault::new(token.place, format!("Unexpected {}, {expected} was expected", token.what.shown()))
}

fn no_member(place: usize, given: &str, of: &str, known: impl IntoIterator<Item = &'static str>) -> Fault {
    let known: Vec<String> = known.into_iter().map(|name| format!("\"{name}\"")).collect();
    Fault::new(place, format!("\"{given}\" is none of {of} ({})", known.join(", ")))
}

struct Parser {
    /// The last one is [`What::End`].
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn takes(&mut self, sign: &'static str) -> bool {
        let is = self.peek().what == What::Sign(sign);
        self.next += usize::from(is);
        is
    }

    fn require(&mut self, sign: &'static str) -> Result<(), Fault> {
        if self.takes(sign) { Ok(()) } else { Err(unexpected(self.peek(), &format!("\"{sign}\""))) }
    }

    /// What follows, up to an operator that binds no stronger than `above`.
    fn expression(&mut self, above: u8) -> Result<Part, Fault> {
        let mut left = self.unary()?;
        while let Some((strength, operator)) = infix(&self.peek().what).filter(|(strength, _)| *strength > above) {
            self.take();
            left = match operator {
                Infix::Binary(operator) => {
                    let right = self.expression(strength)?;
                    binary(operator, left, right)?
                }
                Infix::Among { negated } => {
                    if negated && self.peek().what != What::Word("in".to_owned()) {
                        return Err(unexpected(self.peek(), "\"in\""));
                    }
                    self.next += usize::from(negated);
                    self.among(left, negated)?
                }
            };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Part, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::new(self.peek().place, format!("Parts are nested deeper than {DEEPEST} levels")));
        }
        let token = self.take();
        let part = |node, kind| Ok(Part { node, kind, place: token.place });
        let part = match &token.what {
            What::Number(number) => part(Node::Number(*number), Type::Number),
            What::Text(text) => part(Node::Text(text.clone()), Type::Text),
            What::Sign("(") => {
                let inner = self.expression(0)?;
                self.require(")")?;
                Ok(inner)
            }
            What::Sign("-") => {
                let inner = self.unary()?;
                inner.expect(Type::Number)?;
                part(Node::Negative(Box::new(inner.node)), Type::Number)
            }
            What::Sign("!") => self.negation(token.place),
            What::Word(word) => match word.as_str() {
                "not" => self.negation(token.place),
                "true" => part(Node::Boolean(true), Type::Boolean),
                "false" => part(Node::Boolean(false), Type::Boolean),
                "null" => part(Node::Null, Type::Null),
                "product" => self.product(token.place),
                "pricelist" => self.price(token.place),
                other => Err(no_member(token.place, other, "what can be named", ["product", "pricelist[1].prices"])),
            },
            _ => Err(unexpected(&token, "a value")),
        };
        self.depth -= 1;
        part
    }

    fn negation(&mut self, place: usize) -> Result<Part, Fault> {
        let inner = self.unary()?;
        inner.expect(Type::Boolean)?;
        Ok(Part { node: Node::Not(Box::new(inner.node)), kind: Type::Boolean, place })
    }

    /// `.word.word` after a name.
    fn path(&mut self) -> Result<String, Fault> {
        let mut words = Vec::new();
        while self.takes(".") {
            match self.take() {
                Token { what: What::Word(word), .. } => words.push(word),
                token => return Err(unexpected(&token, "a name")),
            }
        }
        Ok(words.join("."))
    }

    fn product(&mut self, place: usize) -> Result<Part, Fault> {
        let path = self.path()?;
        let found = names::PRODUCT.iter().find(|name| name.path == path);
        let known = names::PRODUCT.iter().map(|name| name.path);
        let name = found.ok_or_else(|| no_member(place, &path, "a product's members", known))?;
        Ok(Part { node: Node::Product(name), kind: name.kind, place })
    }

    fn price(&mut self, place: usize) -> Result<Part, Fault> {
        self.require("[")?;
        let token = self.take();
        let list = match &token.what {
            What::Number(number) if number.is_integer() => number.to_i64().filter(|number| *number > 0),
            _ => None,
        };
        let list = list.ok_or_else(|| unexpected(&token, "the id of a price list"))?;
        self.require("]")?;
        let path = self.path()?;
        let Some(member) = path.strip_prefix("prices.") else {
            return Err(no_member(place, &path, "a price list's members", ["prices.value"]));
        };
        let found = PriceMember::ALL.into_iter().find(|known| known.name() == member);
        let known = PriceMember::ALL.into_iter().map(PriceMember::name);
        let member = found.ok_or_else(|| no_member(place, member, "a price's members", known))?;
        Ok(Part { node: Node::Price(list, member), kind: member.kind(), place })
    }

    fn among(&mut self, value: Part, negated: bool) -> Result<Part, Fault> {
        if !matches!(value.kind, Type::Number | Type::Text) {
            value.expect(Type::Number)?;
        }
        self.require("[")?;
        let (mut numbers, mut texts): (Vec<Decimal>, Vec<String>) = (Vec::new(), Vec::new());
        loop {
            let token = self.take();
            let kind = match token.what {
                What::Number(number) => {
                    numbers.push(number);
                    Type::Number
                }
                What::Text(text) => {
                    texts.push(text);
                    Type::Text
                }
                _ => return Err(unexpected(&token, "a number or a text")),
            };
            Part { node: Node::Null, kind, place: token.place }.expect(value.kind)?;
            if !self.takes(",") {
                break;
            }
        }
        self.require("]")?;
        let (place, kind, value) = (value.place, value.kind, Box::new(value.node));
        let node = match kind {
            Type::Number => Node::AmongNumbers { value, list: numbers, negated },
            _ => Node::AmongTexts { value, list: texts, negated },
        };
        Ok(Part { node, kind: Type::Boolean, place })
    }
}

fn binary(operator: Operator, left: Part, right: Part) -> Result<Part, Fault> {
    let (sides, kind) = match operator {
        Operator::Or | Operator::And => (Type::Boolean, Type::Boolean),
        Operator::Equal | Operator::Unequal => {
            // Anything can be held against null.
            let sides = if left.kind == Type::Null { right.kind } else { left.kind };
            (sides, Type::Boolean)
        }
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            (Type::Number, Type::Boolean)
        }
        Operator::Matches => (Type::Text, Type::Boolean),
        Operator::Plus | Operator::Minus | Operator::Times | Operator::Divided | Operator::Remainder => {
            (Type::Number, Type::Number)
        }
    };
    let null_fits = matches!(operator, Operator::Equal | Operator::Unequal);
    for side in [&left, &right] {
        if !(null_fits && side.kind == Type::Null) {
            side.expect(sides)?;
        }
    }
    let place = left.place;
    Ok(Part { node: Node::Binary(operator, Box::new(left.node), Box::new(right.node)), kind, place })
}
