//! The errors and results of an asynchronous operation as pages of records, read like any other list.

use super::{Asked, Guard, Job};
use crate::engine::key::Key;
use crate::engine::plan::{Page, Position, ReadPlan};
use crate::engine::predicate::{Operand, Predicate, Test};
use crate::engine::query::{Query, Route};
use crate::engine::resource::Ident;
use crate::engine::value::Value;
use crate::error::{Error, Errors};
use crate::http::async_operation::Part;
use crate::resources::system::ASYNC_OPERATION;

/// "Supports page and `totalCount`, no fields/include/sort". What filters there are is the descriptor's to say.
const ROUTE: Route = Route { filter: true, sort: false, page: true, shape: false };

/// The greatest page of results, which are worked out from whole chunks.
const MOST_RESULTS: u64 = 1_000;

impl Asked<'_> {
    /// A list below the operation of that id.
    pub(super) fn below_operation(&self, key: Key, part: Part) -> Result<Job, Errors> {
        let resource = part.resource().ok_or_else(|| Error::internal("a download is no list"))?;
        let query = self.query(resource, ROUTE)?;
        if part == Part::Results {
            refuse_large(&query)?;
        }
        let url = format!("{}/{}", self.call.view.item(&ASYNC_OPERATION, &key), part.word());
        let filters = [of_operation(&key), query.filter.clone()].into_iter().chain(near(&query));
        let total = self.call.includes("totalCount");
        let plan = ReadPlan { filter: Predicate::all(filters), total, ..query.list(resource) };
        let frame = self.frame(&query, vec![("self", url.clone())], url);
        Ok(self.job(plan, frame, Guard::Operation(key)))
    }
}

fn refuse_large(query: &Query) -> Result<(), Error> {
    let size = match &query.page {
        Page::All => u64::MAX,
        Page::Number { size, .. } | Page::Cursor { size, .. } => *size,
    };
    if size <= MOST_RESULTS {
        return Ok(());
    }
    let text =
        format!("The value should be from 0 to {MOST_RESULTS}. Start with \"page[after]=\" and follow \"links.next\".");
    Err(Error::filter(text).parameter("page[size]"))
}

fn of_operation(key: &Key) -> Predicate {
    column("operation_id", Test::Eq(Value::from(key)))
}

/// The order begins with the chunk: so the index finds where a page by cursor goes on.
fn near(query: &Query) -> Option<Predicate> {
    let test = match &query.page {
        Page::Cursor { position: Position::After(values), .. } => Test::Gte(values.first()?.clone()),
        Page::Cursor { position: Position::Before(values), .. } => Test::Lte(values.first()?.clone()),
        _ => return None,
    };
    Some(column("chunk", test))
}

fn column(name: &'static str, test: Test) -> Predicate {
    Predicate::Test(Operand::Column(Ident::new(name)), test)
}
