//! Notes: who changed one last is written down, and a file says which note it belongs to.

use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::Errors;
use crate::resources::activity::{authorship, file_parent};

pub struct NoteRules;

impl Rules for NoteRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        authorship::sign_new(batch, nodes);
        Ok(())
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        file_parent::adopt(batch, nodes, "attachment")?;
        authorship::sign_changed(batch, nodes)
    }
}
