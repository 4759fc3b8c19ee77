//! Checks a run's files against its record, and records their checksums in it.
//!
//! Tables contain their run's name and a stamp. The record of a finished run also holds the SHA-256 of each
//! of its files; while a run is under way its tables are newer than its record, so only name and stamp are
//! checked. Runs of earlier versions have neither: their record has no checksums, and their files are
//! accepted as they are, until `trainer repair` seals them.
//!
//! *Invariant:* every row of a sealed run that is returned has been verified against its record.

use super::folder::{RunError, RunFolder};
use super::{EpochRow, LayerRow, PredictionRow, RunRecord};
use crate::reading;
use crate::stamp::{self, FileSums};
use crate::table::{self, Row, TableError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What to do about a damaged file of a finished run.
const FINISHED: &str = "`just repair` makes it again where that is possible, and else says what to do";
/// What to do about a damaged file of a run under way.
const UNDER_WAY: &str =
    "delete it, and checkpoint.safetensors beside it if that is there, and the run is trained again";

impl RunRecord {
    /// Checks an existing file against its SHA-256 in the record, if the record has one.
    ///
    /// # Errors
    /// Those of the file system, or the SHA-256 differs.
    pub fn check(&self, path: &Path) -> Result<(), RunError> {
        match named(self, path) {
            Some(sum) if reading::is_there(path)? && *sum != stamp::sha256(&reading::bytes(path)?) => {
                Err(damaged(self, path, "is not the file that run.json names by its SHA-256"))
            }
            _ => Ok(()),
        }
    }

    /// Reads the rows of one of the run's tables; empty if the table does not exist yet.
    pub(super) fn rows<T: Row>(&self, path: &Path) -> Result<Vec<T>, RunError> {
        let expected = named(self, path);
        if !reading::is_there(path)? {
            return match expected {
                Some(_) => Err(damaged(self, path, "is missing, though run.json names it")),
                None => Ok(Vec::new()),
            };
        }
        let table = table::read_whole(path).map_err(|source| match source {
            // What could not be read now is not damaged.
            TableError::Io(error) => RunError::Io(error),
            source => RunError::Table { source, advice: advice(self).to_owned() },
        })?;
        if table.run.as_ref().is_some_and(|run| *run != self.name) {
            return Err(damaged(self, path, "belongs to another run"));
        }
        match expected {
            Some(sum) if *sum != table.sha256 => {
                Err(damaged(self, path, "is not the file that run.json names by its SHA-256"))
            }
            None if self.sealed.is_some() && self.status.has_ended() => {
                Err(damaged(self, path, "is not among the files that run.json names"))
            }
            None if self.sealed.is_some() && (table.run.is_none() || !table.stamped) => {
                Err(damaged(self, path, "does not say which run it belongs to and what its SHA-256 is"))
            }
            _ => Ok(table.rows),
        }
    }
}

impl RunFolder {
    /// Returns the name of the run, which is that of its folder.
    #[must_use]
    pub fn name(&self) -> String {
        self.path().file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Returns the paths of the four files that a finished run keeps; a diverged run has no predictions and
    /// no weights.
    #[must_use]
    pub fn lasting(&self) -> [PathBuf; 4] {
        [self.epochs_path(), self.layers_path(), self.predictions_path(), self.model_path()]
    }

    /// Writes `epochs.parquet`.
    ///
    /// # Errors
    /// Those of [`table::write_of`].
    pub fn write_epochs(&self, rows: &[EpochRow]) -> Result<(), TableError> {
        table::write_of(&self.epochs_path(), &self.name(), rows).map(drop)
    }

    /// Writes `layers.parquet`.
    ///
    /// # Errors
    /// Those of [`table::write_of`].
    pub fn write_layers(&self, rows: &[LayerRow]) -> Result<(), TableError> {
        table::write_of(&self.layers_path(), &self.name(), rows).map(drop)
    }

    /// Writes `predictions.parquet`.
    ///
    /// # Errors
    /// Those of [`table::write_of`].
    pub fn write_predictions(&self, rows: &[PredictionRow]) -> Result<(), TableError> {
        table::write_of(&self.predictions_path(), &self.name(), rows).map(drop)
    }

    /// Reads `layers.parquet`; empty if it does not exist yet.
    ///
    /// # Errors
    /// The file is damaged, foreign or of another run, or missing although the record names it.
    pub fn read_layers(&self, record: &RunRecord) -> Result<Vec<LayerRow>, RunError> {
        record.rows(&self.layers_path())
    }

    /// Reads `predictions.parquet`; empty if it does not exist yet.
    ///
    /// # Errors
    /// Those of [`RunFolder::read_layers`], or a label or a prediction is not a class.
    pub fn read_predictions(&self, record: &RunRecord) -> Result<Vec<PredictionRow>, RunError> {
        let path = self.predictions_path();
        let rows: Vec<PredictionRow> = record.rows(&path)?;
        let classes = record.configuration.recipe.dataset.classes();
        if rows.iter().any(|row| usize::from(row.label.max(row.prediction)) >= classes) {
            return Err(damaged(
                record,
                &path,
                "has a label or a prediction that is no class of the data set",
            ));
        }
        Ok(rows)
    }

    /// Reads and checks all tables of a run.
    ///
    /// # Errors
    /// Those of [`RunFolder::read`] and [`RunFolder::read_layers`].
    pub fn read_whole(&self) -> Result<(RunRecord, Vec<EpochRow>), RunError> {
        let (record, epochs) = self.read()?;
        self.read_layers(&record)?;
        self.read_predictions(&record)?;
        Ok((record, epochs))
    }

    /// Computes the checksums of the files as they are. Stamped files are verified against their stamps.
    ///
    /// # Errors
    /// Those of the file system, or a file is damaged.
    pub fn seal(&self) -> Result<FileSums, RunError> {
        let mut files = BTreeMap::new();
        for path in self.lasting() {
            if !reading::is_there(&path)? {
                continue;
            }
            let bytes = reading::bytes(&path)?;
            stamp::check(&bytes).map_err(|rule| TableError::Damaged { path: path.clone(), rule })?;
            files.insert(file_name(&path), stamp::sha256(&bytes));
        }
        Ok(FileSums::of(files))
    }
}

/// Returns the SHA-256 that a finished run's record holds for a file.
fn named<'a>(record: &'a RunRecord, path: &Path) -> Option<&'a String> {
    let sealed = record.sealed.as_ref().filter(|_| record.status.has_ended())?;
    sealed.files.get(&file_name(path))
}

fn damaged(record: &RunRecord, path: &Path, rule: &str) -> RunError {
    let source = TableError::Damaged { path: path.to_owned(), rule: rule.to_owned() };
    RunError::Table { source, advice: advice(record).to_owned() }
}

const fn advice(record: &RunRecord) -> &'static str {
    if record.status.has_ended() { FINISHED } else { UNDER_WAY }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
