//! The files that a run keeps of its epochs: two tables, and the checkpoint that belongs to their last row.

use crate::data::state_dict::StateDict;
use crate::run::checkpoint::Checkpoint;
use crate::run::layers;
use artifacts::Configuration;
use artifacts::run::{EpochRow, LayerRow, RunFolder};

/// Rows of the epochs that are done.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) epochs: Vec<EpochRow>,
    pub(super) layers: Vec<LayerRow>,
}

impl Tables {
    /// Adds an epoch and writes all files, the checkpoint last.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn add(
        mut self,
        row: EpochRow,
        state: StateDict,
        configuration: &Configuration,
        folder: &RunFolder,
    ) -> anyhow::Result<Self> {
        self.layers.append(&mut layers::measure(&configuration.architecture(), &state, row.epoch as usize));
        self.epochs.push(row);
        self.write(state, folder)?;
        Ok(self)
    }

    /// Writes all files with the state after the last epoch, the checkpoint last.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn write(&self, state: StateDict, folder: &RunFolder) -> anyhow::Result<()> {
        folder.write_epochs(&self.epochs)?;
        folder.write_layers(&self.layers)?;
        Checkpoint { epoch: self.epochs.len(), state, stamped: true }
            .save(&folder.checkpoint_path(), &folder.name())?;
        Ok(())
    }
}
