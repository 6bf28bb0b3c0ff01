//! The price rules of an organization as they are stored, and which list follows from which.

use std::collections::{BTreeMap, BTreeSet};

use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use super::names::PriceMember;
use super::{Expression, Fault, Type};
use crate::engine::sql::Sql;
use crate::engine::value::Value;

/// A rule whose expressions are read.
#[derive(Debug)]
pub struct Rule {
    pub id: i64,
    pub value: Expression,
    pub condition: Option<Expression>,
    pub currency: Expression,
    pub quantity: Expression,
    pub unit: Expression,
}

impl Rule {
    /// The members of prices that the rule names, by list.
    pub fn prices(&self) -> BTreeSet<(i64, PriceMember)> {
        [Some(&self.value), self.condition.as_ref(), Some(&self.currency), Some(&self.quantity), Some(&self.unit)]
            .into_iter()
            .flatten()
            .flat_map(Expression::prices)
            .collect()
    }
}

/// A price list with rules.
#[derive(Debug, Default)]
pub struct List {
    /// Which products the list has.
    pub assignment: Option<Expression>,
    /// The one that counts first comes first.
    pub rules: Vec<Rule>,
    /// The lists whose prices it follows from.
    pub sources: BTreeSet<i64>,
}

/// The lists with rules.
#[derive(Debug, Default)]
pub struct Graph {
    pub lists: BTreeMap<i64, List>,
}

impl Graph {
    /// Those of the lists that have rules, and all that follow from any of them, sources first.
    pub fn following(&self, changed: &[i64]) -> Vec<i64> {
        let mut reached: BTreeSet<i64> = changed.iter().copied().collect();
        let next = |reached: &BTreeSet<i64>| {
            let new = |(id, list): &(&i64, &List)| !reached.contains(id) && !list.sources.is_disjoint(reached);
            self.lists.iter().find(new).map(|(id, _)| *id)
        };
        while let Some(id) = next(&reached) {
            reached.insert(id);
        }
        let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
        for id in &reached {
            self.visit(*id, &mut seen, &mut order);
        }
        order.retain(|id| reached.contains(id) && self.lists.contains_key(id));
        order
    }

    /// Depth first: a list comes after its sources.
    fn visit(&self, id: i64, seen: &mut BTreeSet<i64>, order: &mut Vec<i64>) {
        if !seen.insert(id) {
            return;
        }
        for source in self.lists.get(&id).into_iter().flat_map(|list| &list.sources) {
            self.visit(*source, seen, order);
        }
        order.push(id);
    }

    /// The way from a list over its sources back to itself, if there is one: `[3, 5, 3]`.
    pub fn cycle(&self, start: i64) -> Option<Vec<i64>> {
        let mut way = vec![start];
        let mut seen = BTreeSet::new();
        self.leads_to(start, start, &mut seen, &mut way).then_some(way)
    }

    fn leads_to(&self, from: i64, goal: i64, seen: &mut BTreeSet<i64>, way: &mut Vec<i64>) -> bool {
        for source in self.lists.get(&from).into_iter().flat_map(|list| &list.sources) {
            way.push(*source);
            if *source == goal || (seen.insert(*source) && self.leads_to(*source, goal, seen, way)) {
                return true;
            }
            way.pop();
        }
        false
    }
}

/// Reads every rule of the organization.
pub fn load(conn: &mut PgConnection, organization: i64) -> QueryResult<Graph> {
    let mut graph = Graph::default();
    let mut sql = Sql::new();
    sql.raw(
        "SELECT r.id, r.price_list_id, r.rule, r.rule_condition, r.currency, r.currency_expression, r.quantity,
            r.quantity_expression, r.unit_code, r.unit_expression, l.product_assignment_rule
        FROM price_rule r
        JOIN price_list l ON l.organization_id = r.organization_id AND l.id = r.price_list_id
        WHERE r.organization_id = ",
    );
    sql.bind(Value::Integer(organization)).raw(" ORDER BY r.price_list_id, r.priority, r.id");
    sql.for_each(conn, |row| -> QueryResult<()> {
        let (id, list) = (row.integer(0)?.unwrap_or_default(), row.integer(1)?.unwrap_or_default());
        let texts = Texts {
            value: row.text(2)?.unwrap_or_default(),
            condition: row.text(3)?,
            currency: (row.text(4)?.map(|code| Expression::text(&code)), row.text(5)?),
            quantity: (row.numeric(6)?.map(Expression::number), row.text(7)?),
            unit: (row.text(8)?.map(|code| Expression::text(&code)), row.text(9)?),
        };
        let assignment = row.text(10)?;
        match texts.read(id).and_then(|rule| Ok((rule, optional(assignment.as_deref(), Type::Boolean)?))) {
            Ok((rule, assignment)) => {
                let list = graph.lists.entry(list).or_default();
                list.assignment = assignment;
                list.sources.extend(rule.prices().into_iter().map(|(source, _)| source));
                list.rules.push(rule);
            }
            // What was accepted by an older version and is not understood any more makes no prices.
            Err(fault) => tracing::warn!(rule = id, list, %fault, "a price rule cannot be read"),
        }
        Ok(())
    })?;
    Ok(graph)
}

/// A rule as it is stored: constants, and the expressions that stand before them.
struct Texts {
    value: String,
    condition: Option<String>,
    currency: (Option<Expression>, Option<String>),
    quantity: (Option<Expression>, Option<String>),
    unit: (Option<Expression>, Option<String>),
}

impl Texts {
    fn read(self, id: i64) -> Result<Rule, Fault> {
        let either = |(constant, text): (Option<Expression>, Option<String>), expected| {
            let expression = optional(text.as_deref(), expected)?.or(constant);
            expression.ok_or_else(|| Fault::new(0, "An expression or a constant is missing"))
        };
        Ok(Rule {
            id,
            value: Expression::parse(&self.value, Type::Number)?,
            condition: optional(self.condition.as_deref(), Type::Boolean)?,
            currency: either(self.currency, Type::Text)?,
            quantity: either(self.quantity, Type::Number)?,
            unit: either(self.unit, Type::Text)?,
        })
    }
}

fn optional(text: Option<&str>, expected: Type) -> Result<Option<Expression>, Fault> {
    text.map(|text| Expression::parse(text, expected)).transpose()
}

/// Keeps the organization's rules as they are until the end of the transaction. Whoever changes products or prices holds
/// it before rules are read.
pub fn hold(conn: &mut PgConnection, organization: i64) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM organization WHERE id = ").bind(Value::Integer(organization)).raw(" FOR SHARE");
    sql.execute(conn).map(drop)
}

/// Lets nobody else change rules, products or prices of the organization until the end of the transaction: held before
/// rules are changed, so that two of them make no circle and none misses a price that is being written.
pub fn hold_alone(conn: &mut PgConnection, organization: i64) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM organization WHERE id = ").bind(Value::Integer(organization)).raw(" FOR NO KEY UPDATE");
    sql.execute(conn).map(drop)
}

/// Locks price lists, lowest id first: two requests that change one source follow each other.
pub fn lock(conn: &mut PgConnection, organization: i64, lists: &[i64]) -> QueryResult<()> {
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM price_list WHERE organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND id = ANY(").bind(Value::Integers(lists.to_vec())).raw(") ORDER BY id FOR NO KEY UPDATE");
    sql.execute(conn).map(drop)
}
