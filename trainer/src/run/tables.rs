//! The files that a run keeps of its epochs: two tables, and the checkpoint that belongs to their last row.

use crate::data::state_dict::StateDict;
use crate::run::checkpoint::Checkpoint;
use crate::run::layers;
use anyhow::{bail, ensure};
use artifacts::Configuration;
use artifacts::run::{EpochRow, LayerRow, RunFolder, RunRecord};
use std::collections::BTreeSet;

/// Rows of the epochs that are done.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) epochs: Vec<EpochRow>,
    pub(super) layers: Vec<LayerRow>,
}

impl Tables {
    /// Checks that a checkpoint has a checksum where the run has, and that the rows reach to its epoch
    /// without a gap. Runs of earlier versions, which have no checksums, need not have the layers of every
    /// epoch.
    ///
    /// # Errors
    /// The checksum or rows are missing: the run cannot be continued from there.
    pub(super) fn reach(
        &self,
        checkpoint: &Checkpoint,
        folder: &RunFolder,
        record: &RunRecord,
    ) -> anyhow::Result<()> {
        let (done, path) = (checkpoint.epoch, folder.checkpoint_path());
        ensure!(
            record.sealed.is_none() || checkpoint.stamped,
            "{}: has no checksum, though the run has; delete it to start over",
            path.display()
        );
        ensure!(
            done <= self.epochs.len(),
            "{}: belongs to epoch {done}, but epochs.parquet has {} rows; delete it to start over",
            path.display(),
            self.epochs.len()
        );
        let measured: BTreeSet<usize> = self.layers.iter().map(|row| row.epoch as usize).collect();
        let missing = (0..=done).find(|epoch| !measured.contains(epoch));
        if let Some(missing) = missing.filter(|_| record.sealed.is_some()) {
            bail!(
                "{}: belongs to epoch {done}, but layers.parquet has no rows of epoch {missing}; delete it to start \
                 over",
                path.display()
            );
        }
        Ok(())
    }

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
