//! A run's files held against its record, and sealed in it.
//!
//! Tables carry their run's name and a stamp. The record of a finished run names the SHA-256 of each of its files besides; while a run
//! is under way its tables run ahead of its record, and name and stamp must do. Runs of earlier versions have neither: their record
//! has no seal, and their files are taken as they are, until `trainer repair` seals them.
//!
//! *Invariant:* no row of a sealed run is handed out that its record does not answer for.

use super::folder::{RunError, RunFolder};
use super::{EpochRow, LayerRow, PredictionRow, RunRecord, Status};
use crate::reading;
use crate::stamp::{self, FileSums};
use crate::table::{self, Row, TableError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What to do about a file of a finished run.
const FINISHED: &str = "`just repair` makes it again where that is possible, and else says what to do";
/// About one of a run under way.
const UNDER_WAY: &str = "delete it, and the run is trained again from where it can be";

impl RunRecord {
    /// Whether the run has ended, in one way or the other.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(self.status, Status::Done | Status::Diverged)
    }

    /// Holds a file that is there, and of which the record names the SHA-256, against it.
    ///
    /// # Errors
    /// The file system's; another SHA-256.
    pub fn check(&self, path: &Path) -> Result<(), RunError> {
        match named(self, path) {
            Some(sum) if path.exists() && *sum != stamp::sha256(&reading::bytes(path)?) => {
                Err(damaged(self, path, "is not the file that run.json names by its SHA-256"))
            }
            _ => Ok(()),
        }
    }

    /// The rows of one of the run's tables; none where there is no such table yet.
    pub(super) fn rows<T: Row>(&self, path: &Path) -> Result<Vec<T>, RunError> {
        let expected = named(self, path);
        if !path.exists() {
            return match expected {
                Some(_) => Err(damaged(self, path, "is missing, though run.json names it")),
                None => Ok(Vec::new()),
            };
        }
        let table = table::read_whole(path)
            .map_err(|source| RunError::Table { source, advice: advice(self).to_owned() })?;
        if table.run.as_ref().is_some_and(|run| *run != self.name) {
            return Err(damaged(self, path, "belongs to another run"));
        }
        match expected {
            Some(sum) if *sum != table.sha256 => {
                Err(damaged(self, path, "is not the file that run.json names by its SHA-256"))
            }
            None if self.sealed.is_some() && self.is_finished() => {
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
    /// The run's name, which is the folder's.
    #[must_use]
    pub fn name(&self) -> String {
        self.path().file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The four files that stay, as a finished run has them; a diverged run has no predictions and no weights.
    #[must_use]
    pub fn lasting(&self) -> [PathBuf; 4] {
        [self.epochs_path(), self.layers_path(), self.predictions_path(), self.model_path()]
    }

    /// Writes `epochs.parquet`.
    ///
    /// # Errors
    /// As [`table::write_of`]; so do the two below.
    pub fn write_epochs(&self, rows: &[EpochRow]) -> Result<(), TableError> {
        table::write_of(&self.epochs_path(), &self.name(), rows).map(drop)
    }

    /// Writes `layers.parquet`.
    ///
    /// # Errors
    /// As [`table::write_of`].
    pub fn write_layers(&self, rows: &[LayerRow]) -> Result<(), TableError> {
        table::write_of(&self.layers_path(), &self.name(), rows).map(drop)
    }

    /// Writes `predictions.parquet`.
    ///
    /// # Errors
    /// As [`table::write_of`].
    pub fn write_predictions(&self, rows: &[PredictionRow]) -> Result<(), TableError> {
        table::write_of(&self.predictions_path(), &self.name(), rows).map(drop)
    }

    /// Reads `layers.parquet`; empty where there is none yet.
    ///
    /// # Errors
    /// A file that is damaged, foreign or of another run, or missing though the record names it.
    pub fn read_layers(&self, record: &RunRecord) -> Result<Vec<LayerRow>, RunError> {
        record.rows(&self.layers_path())
    }

    /// Reads `predictions.parquet`; empty where there is none yet.
    ///
    /// # Errors
    /// As [`RunFolder::read_layers`]; a label or a prediction that is no class.
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
    /// As [`RunFolder::read`] and [`RunFolder::read_layers`].
    pub fn read_whole(&self) -> Result<(RunRecord, Vec<EpochRow>), RunError> {
        let (record, epochs) = self.read()?;
        self.read_layers(&record)?;
        self.read_predictions(&record)?;
        Ok((record, epochs))
    }

    /// A seal of the files as they are. Stamped ones are held against their stamps.
    ///
    /// # Errors
    /// The file system's; a damaged file.
    pub fn seal(&self) -> Result<FileSums, RunError> {
        let mut files = BTreeMap::new();
        for path in self.lasting().into_iter().filter(|path| path.exists()) {
            let bytes = reading::bytes(&path)?;
            stamp::check(&bytes).map_err(|rule| TableError::Damaged { path: path.clone(), rule })?;
            files.insert(file_name(&path), stamp::sha256(&bytes));
        }
        Ok(FileSums::of(files))
    }
}

/// The SHA-256 that a finished run's record names for a file.
fn named<'a>(record: &'a RunRecord, path: &Path) -> Option<&'a String> {
    let sealed = record.sealed.as_ref().filter(|_| record.is_finished())?;
    sealed.files.get(&file_name(path))
}

fn damaged(record: &RunRecord, path: &Path, rule: &str) -> RunError {
    let source = TableError::Damaged { path: path.to_owned(), rule: rule.to_owned() };
    RunError::Table { source, advice: advice(record).to_owned() }
}

const fn advice(record: &RunRecord) -> &'static str {
    if record.is_finished() { FINISHED } else { UNDER_WAY }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
