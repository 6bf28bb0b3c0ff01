//! Attachments: the file says which attachment it belongs to.

use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::Errors;
use crate::resources::activity::file_parent;

pub struct AttachmentRules;

impl Rules for AttachmentRules {
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        file_parent::adopt(batch, nodes, "file")
    }
}
