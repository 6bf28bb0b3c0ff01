//! Price rules: expressions from which the prices of a list follow.
//!
//! ```text
//! pricelist[1].prices.value * 1.2
//! product.category.id == 3 and pricelist[1].prices.quantity > 1
//!
//! expression = or
//! or         = and *( ( "or" / "||" ) and )
//! and        = comparison *( ( "and" / "&&" ) comparison )
//! comparison = sum [ ( "==" / "!=" / "<" / "<=" / ">" / ">=" / "matches" ) sum / [ "not" ] "in" list ]
//! sum        = product *( ( "+" / "-" ) product )
//! product    = unary *( ( "*" / "/" / "%" ) unary )
//! unary      = ( "not" / "!" / "-" ) unary / number / string / "true" / "false" / "null" / name / "(" expression ")"
//! list       = "[" literal *( "," literal ) "]"
//! name       = "product" *( "." word ) / "pricelist" "[" digits "]" ".prices." word
//! ```
//!
//! An expression is parsed and its types checked when it is written; [`translate`](self::translate) turns it into
//! SQL in which every literal is a bound value and every name an identifier of the source code. A quotient by zero is
//! nothing, and so is what is computed from nothing: such a price is not made.

pub mod expression;
mod lexer;
pub mod names;
mod parser;
pub mod recalculate;
pub mod rules;
mod translate;

pub use self::expression::{Expression, Fault, Type};
