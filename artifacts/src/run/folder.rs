//! The folder of one run: its paths, and the checks when it is read.
//!
//! *Invariant:* a run's folder has the name that follows from its configuration and data; a copied or renamed
//! folder is not accepted as a run.

use super::{EpochRow, FORMAT, Origin, RunRecord, Status};
use crate::table::TableError;
use crate::{reading, stamp};
use fs_err as fs;
use std::io;
use std::path::{Path, PathBuf};

/// A run's folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file system's error, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The error of a table, which names the file, with advice.
    #[error("{source}; {advice}")]
    Table {
        /// The error of the table.
        source: TableError,
        /// What to do about it.
        advice: String,
    },
    /// The error of a table, without advice.
    #[error(transparent)]
    Bare(#[from] TableError),
    /// The file is not JSON, or not of this format.
    #[error("{path}: {reason}")]
    Record {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        reason: String,
    },
    /// The folder does not have the name of its run.
    #[error("{path}: this is the run `{name}`, so its folder must have that name (is it a copy?)")]
    Misplaced {
        /// The folder.
        path: PathBuf,
        /// The name that follows from its contents.
        name: String,
    },
    /// The epochs are not 1, 2, 3, ...
    #[error("{path}: row {row} must be epoch {row}, but is epoch {epoch}")]
    Epochs {
        /// The file.
        path: PathBuf,
        /// The row, counted from 1.
        row: usize,
        /// The epoch in that row.
        epoch: u32,
    },
    /// An imported run does not consist of its last epoch alone.
    #[error("{path}: an imported run must have one row, epoch {planned}, but has {}", listed(.found))]
    Imported {
        /// The file.
        path: PathBuf,
        /// The epochs found.
        found: Vec<u32>,
        /// The one epoch it must have.
        planned: usize,
    },
    /// The run's status is done, but its last epoch is missing.
    #[error(
        "{path}: status is done, but {found} of {planned} epochs are there; delete the folder, and `just sweep` trains the run anew"
    )]
    Short {
        /// The folder.
        path: PathBuf,
        /// The number of rows found.
        found: usize,
        /// The number of planned rows.
        planned: usize,
    },
}

/// The paths of one run.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Creates the paths of the run in this folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of `run.json`.
    #[must_use]
    pub fn record_path(&self) -> PathBuf {
        self.path.join("run.json")
    }

    /// Returns the path of `epochs.parquet`.
    #[must_use]
    pub fn epochs_path(&self) -> PathBuf {
        self.path.join("epochs.parquet")
    }

    /// Returns the path of `layers.parquet`.
    #[must_use]
    pub fn layers_path(&self) -> PathBuf {
        self.path.join("layers.parquet")
    }

    /// Returns the path of `predictions.parquet`.
    #[must_use]
    pub fn predictions_path(&self) -> PathBuf {
        self.path.join("predictions.parquet")
    }

    /// Returns the path of `model.safetensors`.
    #[must_use]
    pub fn model_path(&self) -> PathBuf {
        self.path.join("model.safetensors")
    }

    /// Returns the path of `checkpoint.safetensors`, which exists while a run is under way.
    #[must_use]
    pub fn checkpoint_path(&self) -> PathBuf {
        self.path.join("checkpoint.safetensors")
    }

    /// Returns the path of `.lock`, which the process that trains the run holds.
    #[must_use]
    pub fn lock_path(&self) -> PathBuf {
        self.path.join(".lock")
    }

    /// Writes `run.json`.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_record(&self, record: &RunRecord) -> io::Result<()> {
        stamp::write_json(&self.record_path(), record, record.sealed.is_some())
    }

    /// Reads `run.json` and checks that it belongs to this folder.
    ///
    /// # Errors
    /// The file is missing, foreign, or belongs to another folder.
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

    /// Reads `epochs.parquet` and checks it against the run's record: epochs 1, 2, 3, ... without gaps; empty
    /// if none has ended yet.
    ///
    /// # Errors
    /// The table is damaged, foreign or of another run, its epochs are out of order, or it is missing
    /// although the record names it.
    pub fn epochs_of(&self, record: &RunRecord) -> Result<Vec<EpochRow>, RunError> {
        in_order(self.epochs_path(), record.rows(&self.epochs_path())?)
    }

    /// Reads a run's record and epochs, and checks that they agree. An imported run has one row, its last
    /// epoch, because a notebook's `results.json` keeps no other.
    ///
    /// # Errors
    /// Those of [`RunFolder::read_record`] and [`RunFolder::epochs_of`], or the run is done without its
    /// last epoch.
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

/// Returns the folders below `runs/`, sorted by name; empty if there are none. Hidden folders are skipped,
/// and so are those of runs that are just starting, which have no visible file yet.
///
/// # Errors
/// Those of the file system.
pub fn folders(runs: &Path) -> io::Result<Vec<RunFolder>> {
    let entries = visible_entries(runs)?.into_iter();
    // A folder that cannot be listed is not just starting; reading it will report the reason.
    let has_begun = |path: &PathBuf| visible_entries(path).map_or(true, |entries| !entries.is_empty());
    Ok(entries.filter(|path| path.is_dir() && has_begun(path)).map(RunFolder::new).collect())
}

/// Returns what is in `runs/` but is not a folder, sorted by name; hidden files are skipped. There should be
/// none.
///
/// # Errors
/// Those of the file system.
pub fn strays(runs: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(visible_entries(runs)?.into_iter().filter(|path| !path.is_dir()).collect())
}

fn visible_entries(runs: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = Vec::new();
    for entry in entries {
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
