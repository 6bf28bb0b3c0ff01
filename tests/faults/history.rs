//! What the clients asked for, and what they were told.

use std::fmt;

/// All of it.
#[derive(Default)]
pub struct History {
    pub orders: Vec<Order>,
    pub batches: Vec<Batch>,
    /// What each reader of the feed has got, in its order.
    pub readers: Vec<Vec<Read>>,
    /// What the receiver of webhooks answered by 2xx, in its order.
    pub deliveries: Vec<Delivery>,
    /// Answers that no client should have got.
    pub refusals: Vec<String>,
}

/// What one client did to one order, step after step. After a step without an answer it left the order alone.
#[derive(Clone, Default)]
pub struct Order {
    pub identifier: String,
    /// As the answers had it; `None`: it was never told.
    pub id: Option<String>,
    pub lines: Vec<String>,
    pub steps: Vec<Step>,
    /// Whether the last of the steps had no answer.
    pub uncertain: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Create,
    /// A new purchase order number.
    Renumber(String),
    Delete,
}

/// Customers that were sent together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub name: String,
    pub records: usize,
    /// The one that cannot be written.
    pub bad: Option<usize>,
    /// `None`: the client was never told that the batch was accepted.
    pub operation: Option<String>,
    /// `None`: the operation never ended.
    pub ended: Option<Ended>,
}

/// The end of an operation, as the client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub status: String,
    pub created: usize,
    pub failed: usize,
}

impl Batch {
    /// The name of a customer.
    pub fn record(&self, index: usize) -> String {
        format!("{}-{index}", self.name)
    }
}

/// A change that a reader of the feed was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    pub position: i64,
    pub resource: String,
    pub record: String,
    pub action: String,
}

/// A message of a webhook about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message's id.
    pub message: String,
    pub record: String,
    pub action: String,
    /// The purchase order number, as the order was then.
    pub number: Option<String>,
}

/// Lines of each order.
pub const LINES: usize = 3;

impl History {
    /// How many writes were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.orders.iter().map(|order| order.steps.len() - usize::from(order.uncertain)).sum()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uncertain = self.orders.iter().filter(|order| order.uncertain).count();
        let changes = self.readers.iter().map(Vec::len).min().unwrap_or_default();
        let accepted: Vec<&Batch> = self.batches.iter().filter(|batch| batch.operation.is_some()).collect();
        let records: usize = accepted.iter().map(|batch| batch.records).sum();
        write!(f, "{} writes acknowledged, {uncertain} given up; ", self.acknowledged())?;
        write!(f, "{} batches accepted of {}, with {records} records; ", accepted.len(), self.batches.len())?;
        write!(f, "{changes} changes read; {} webhooks received", self.deliveries.len())
    }
}
