//! The folder of one run: its paths, and what is checked when it is read.
//!
//! *Invariant:* a run's folder carries the name that its configuration and data give it; a copied or renamed
//! folder does not pass for a run.

use super::{EpochRow, FORMAT, Origin, RunRecord, Status};
use crate::table::{self, TableError};
use crate::{reading, stamp};
use fs_err as fs;
use std::io;
use std::path::{Path, PathBuf};

/// A run's folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file system's word, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A table's word, which names the file.
    #[error("{source}; {advice}")]
    Table {
        /// The table's word.
        source: TableError,
        /// What to do.
        advice: String,
    },
    /// The same where nothing is to be done about it.
    #[error(transparent)]
    Bare(#[from] TableError),
    /// Not JSON, or not this format.
    #[error("{path}: {reason}")]
    Record {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        reason: String,
    },
    /// A folder whose name is not its identity's.
    #[error("{path}: this is the run `{name}`, so its folder must have that name (is it a copy?)")]
    Misplaced {
        /// The folder.
        path: PathBuf,
        /// The name its contents give it.
        name: String,
    },
    /// Epochs that are not 1, 2, 3, ...
    #[error("{path}: row {row} must be epoch {row}, but is epoch {epoch}")]
    Epochs {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        row: usize,
        /// What it says.
        epoch: u32,
    },
    /// An imported run holds its last epoch and nothing else.
    #[error("{path}: an imported run must have one row, epoch {planned}, but has {}", listed(.found))]
    Imported {
        /// The file.
        path: PathBuf,
        /// The epochs found.
        found: Vec<u32>,
        /// The one epoch it must have.
        planned: usize,
    },
    /// A run that says it is done without its last epoch.
    #[error(
        "{path}: status is done, but {found} of {planned} epochs are there; delete the folder, and `just sweep` trains the run anew"
    )]
    Short {
        /// The folder.
        path: PathBuf,
        /// Rows found.
        found: usize,
        /// Rows planned.
        planned: usize,
    },
}

/// The paths of one run.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// The run in this folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `run.json`.
    #[must_use]
    pub fn record_path(&self) -> PathBuf {
        self.path.join("run.json")
    }

    /// `epochs.parquet`.
    #[must_use]
    pub fn epochs_path(&self) -> PathBuf {
        self.path.join("epochs.parquet")
    }

    /// `layers.parquet`.
    #[must_use]
    pub fn layers_path(&self) -> PathBuf {
        self.path.join("layers.parquet")
    }

    /// `predictions.parquet`.
    #[must_use]
    pub fn predictions_path(&self) -> PathBuf {
        self.path.join("predictions.parquet")
    }

    /// `model.safetensors`.
    #[must_use]
    pub fn model_path(&self) -> PathBuf {
        self.path.join("model.safetensors")
    }

    /// `checkpoint.safetensors`, there while a run is under way.
    #[must_use]
    pub fn checkpoint_path(&self) -> PathBuf {
        self.path.join("checkpoint.safetensors")
    }

    /// `.lock`, held by the process that trains the run.
    #[must_use]
    pub fn lock_path(&self) -> PathBuf {
        self.path.join(".lock")
    }

    /// Writes `run.json`.
    ///
    /// # Errors
    /// The file system's.
    pub fn write_record(&self, record: &RunRecord) -> io::Result<()> {
        stamp::write_json(&self.record_path(), record, record.sealed.is_some())
    }

    /// Reads `run.json` and checks that it belongs into this folder.
    ///
    /// # Errors
    /// A missing or foreign file, or one that belongs elsewhere.
    pub fn read_record(&self) -> Result<RunRecord, RunError> {
        let path = self.record_path();
        let text = reading::bytes(&path)?;
        let broken = |reason: String| RunError::Record { path: path.clone(), reason };
        stamp::check(&text).map_err(broken)?;
        let record: RunRecord = serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
        if record.format != FORMAT {
            return Err(broken(format!(
                "format {} is not {FORMAT}, the one this version reads",
                record.format
            )));
        }
        record.configuration.clone().validated().map_err(|error| broken(error.to_string()))?;
        let name = record.configuration.run_name(&record.data.fingerprint);
        if self.path.file_name().is_none_or(|folder| folder != name.as_str()) || record.name != name {
            return Err(RunError::Misplaced { path: self.path.clone(), name });
        }
        if record.counts != record.configuration.counts() {
            return Err(broken("its counts are not those of its network".to_owned()));
        }
        Ok(record)
    }

    /// Reads `epochs.parquet` as it is: epochs 1, 2, 3, ... without gaps; empty where none has ended yet.
    ///
    /// # Errors
    /// A half-written or foreign file, or epochs out of order.
    pub fn read_epochs(&self) -> Result<Vec<EpochRow>, RunError> {
        let path = self.epochs_path();
        if !path.exists() {
            return Ok(Vec::new());
        }
        in_order(path, table::read(&self.epochs_path())?)
    }

    /// The same, held against the run's record.
    ///
    /// # Errors
    /// The same; a table that is damaged or of another run, or missing though the record names it.
    pub fn epochs_of(&self, record: &RunRecord) -> Result<Vec<EpochRow>, RunError> {
        in_order(self.epochs_path(), record.rows(&self.epochs_path())?)
    }

    /// Reads a run's record and epochs, and checks that they agree. An imported run has one row, its last epoch:
    /// that is all a notebook's `results.json` keeps.
    ///
    /// # Errors
    /// As [`RunFolder::read_record`] and [`RunFolder::read_epochs`]; a run that is done without its last epoch.
    pub fn read(&self) -> Result<(RunRecord, Vec<EpochRow>), RunError> {
        let record = self.read_record()?;
        let planned = record.configuration.recipe.epochs;
        if record.origin == Origin::Imported {
            let epochs = self.read_imported_epoch(&record)?;
            return Ok((record, epochs));
        }
        let epochs = self.epochs_of(&record)?;
        let found = epochs.len();
        if record.status == Status::Done && found != planned {
            return Err(RunError::Short { path: self.path.clone(), found, planned });
        }
        Ok((record, epochs))
    }

    fn read_imported_epoch(&self, record: &RunRecord) -> Result<Vec<EpochRow>, RunError> {
        let (path, planned) = (self.epochs_path(), record.configuration.recipe.epochs);
        let rows: Vec<EpochRow> = record.rows(&path)?;
        match rows.as_slice() {
            [last] if last.epoch as usize == planned => Ok(rows),
            _ => Err(RunError::Imported { path, found: rows.iter().map(|row| row.epoch).collect(), planned }),
        }
    }
}

fn in_order(path: PathBuf, rows: Vec<EpochRow>) -> Result<Vec<EpochRow>, RunError> {
    match (1..).zip(&rows).find(|(row, found)| found.epoch as usize != *row) {
        Some((row, found)) => Err(RunError::Epochs { path, row, epoch: found.epoch }),
        None => Ok(rows),
    }
}

fn listed(epochs: &[u32]) -> String {
    match epochs {
        [] => "no row".to_owned(),
        [epoch] => format!("epoch {epoch}"),
        [first, .., last] => format!("{} rows, epochs {first} to {last}", epochs.len()),
    }
}

/// The folders below `runs/`, sorted by name; hidden ones are passed over, and those of runs that are just starting: there is nothing
/// in them to be seen yet. Empty where there is none.
///
/// # Errors
/// The file system's.
pub fn folders(runs: &Path) -> io::Result<Vec<RunFolder>> {
    let entries = visible_entries(runs)?.into_iter();
    // What cannot be listed is not just starting, and reading it will say why.
    let has_begun = |path: &PathBuf| visible_entries(path).map_or(true, |entries| !entries.is_empty());
    Ok(entries.filter(|path| path.is_dir() && has_begun(path)).map(RunFolder::new).collect())
}

/// What lies in `runs/` and is no folder, sorted by name; hidden files are passed over. Nothing should.
///
/// # Errors
/// The file system's.
pub fn strays(runs: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(visible_entries(runs)?.into_iter().filter(|path| !path.is_dir()).collect())
}

fn visible_entries(runs: &Path) -> io::Result<Vec<PathBuf>> {
    if !runs.exists() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(runs)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
