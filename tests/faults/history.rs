//! What the clients asked for, and what they were told.

use std::fmt;

/// All of it.
#[derive(Default)]
pub struct History {
    pub orders: Vec<Order>,
    pub batches: Vec<Batch>,
    pub together: Vec<Together>,
    pub moves: Vec<Moved>,
    /// What each reader of the feed has got.
    pub readers: Vec<Reader>,
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

/// Customers that were sent in one request, to be written all or not at all.
#[derive(Clone, Debug, Default)]
pub struct Together {
    pub name: String,
    pub records: usize,
    /// Whether one of them cannot be written.
    pub bad: bool,
    /// Whether they were written; `None`: the client was never told.
    pub told: Option<bool>,
}

impl Together {
    /// The name of a customer.
    pub fn record(&self, index: usize) -> String {
        format!("{}-{index}", self.name)
    }
}

/// What one client did to a customer that now one user owns and now another. After a step without an answer it left the
/// customer alone.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// The name of the customer.
    pub name: String,
    /// As the answers had it; `None`: it was never told.
    pub id: Option<String>,
    pub steps: Vec<Move>,
    /// Whether the last of the steps had no answer.
    pub uncertain: bool,
}

/// `owned`: whether the owner is the user who sees no customers but his own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    Create {
        owned: bool,
    },
    Give {
        owned: bool,
    },
    /// Another external id, the same owner.
    Touch,
    Delete,
}

/// Who reads the feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// All of what is followed.
    #[default]
    Everything,
    /// The customers that belong to one user.
    Own,
}

/// A reader of the feed, and what it has got, in its order.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    pub sight: Sight,
    pub reads: Vec<Read>,
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
        let orders = self.orders.iter().map(|order| (order.steps.len(), order.uncertain));
        let moves = self.moves.iter().map(|moved| (moved.steps.len(), moved.uncertain));
        let steps: usize = orders.chain(moves).map(|(steps, uncertain)| steps - usize::from(uncertain)).sum();
        steps + self.together.iter().filter(|together| together.told.is_some()).count()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let orders = self.orders.iter().filter(|order| order.uncertain).count();
        let moves = self.moves.iter().filter(|moved| moved.uncertain).count();
        let uncertain = orders + moves + self.together.iter().filter(|together| together.told.is_none()).count();
        let seen = |sight| {
            let those = self.readers.iter().filter(|reader| reader.sight == sight);
            those.map(|reader| reader.reads.len()).min().unwrap_or_default()
        };
        let (changes, own) = (seen(Sight::Everything), seen(Sight::Own));
        let accepted: Vec<&Batch> = self.batches.iter().filter(|batch| batch.operation.is_some()).collect();
        let records: usize = accepted.iter().map(|batch| batch.records).sum();
        write!(f, "{} writes acknowledged, {uncertain} given up; ", self.acknowledged())?;
        write!(f, "{} batches accepted of {}, with {records} records; ", accepted.len(), self.batches.len())?;
        write!(f, "{changes} changes read by all, {own} by some; {} webhooks received", self.deliveries.len())
    }
}
