//! Option values: exactly one of the three attributes is set.

use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::{Error, Errors};

pub struct FallbackValueRules;

impl Rules for FallbackValueRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let errors = nodes.iter().map(|index| batch.node(*index)).filter_map(|node| {
            let set =
                ["fallback", "scalarValue", "arrayValue"].into_iter().filter(|name| !node.effective(name).is_null());
            let error = Error::form("Exactly one of fallback, scalarValue and arrayValue should be set.");
            (set.count() != 1).then(|| error.at(format!("{}/attributes", node.pointer)))
        });
        Errors::check(errors.collect())
    }

    fn can_prepare_again(&self) -> bool {
        true
    }
}
