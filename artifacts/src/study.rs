//! Joined tables and statistics, which `analysis` writes and `report` reads.
//!
//! `summary.json` is written last and records the SHA-256 of every table, so that tables of two analyses, or
//! a damaged one, are detected. An analysis of a version that did not record them is read as it is.
//!
//! *Invariant:* accuracies and differences are fractions; per cent appears only in what people read.

mod endpoint;
mod interval;
mod key;
mod rows;
mod secondary;
mod standing;
mod state;

pub use endpoint::{Certainty, Endpoint, Heterogeneity, Role, Size, Verdict};
pub use interval::Interval;
pub use key::Key;
pub use rows::{CellRow, ClassRow, LedgerRow, PairRow, RunRow, StudyEpochRow, StudyLayerRow, TrajectoryRow};
pub use secondary::{
    Agreement, AtRankscale, ClassDifference, Estimate, Identical, ImageByImage, Intraclass, Later, Noise,
    Replicated, Replication, Secondary, Trend, Wins,
};
pub use standing::{Looks, Sealed, Standing};
pub use state::State;

use crate::configuration::Configuration;
use crate::layout::Layout;
use crate::lock::{Lock, LockError};
use crate::stamp::{self, FileSums};
use crate::table::{self, Row, TableError};
use crate::{atomic, reading};
use fs_err as fs;
use network::Arm;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

/// The number of pauses for which an analysis waits for another one that is writing, which takes a moment.
const PATIENCE: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// The contents of `analysis/summary.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The experiment under study; `None` if all runs are taken as they are.
    pub experiment: Option<String>,
    /// The question that the experiment asks.
    pub title: Option<String>,
    /// The number of planned runs.
    pub planned: u32,
    /// The number of planned runs that are done.
    pub done: u32,
    /// The number of planned runs that diverged; 0 in files of versions that did not record it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub diverged: u32,
    /// The recipes of the runs under study.
    pub recipes: Vec<RecipeSummary>,
    /// How much of the verdict was fixed before the data were seen.
    pub standing: Standing,
    /// The endpoints, the headline first.
    pub endpoints: Vec<Endpoint>,
    /// The A/A check: rankscales of the headline recipe that build the same network.
    pub identical: Vec<Identical>,
    /// The arms under study that are not of the house, in order of appearance; tables identify them by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<Arm>,
    /// The strengths of the arms, if the experiment tunes each arm; otherwise empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tuned: Vec<TunedArm>,
    /// The rules by which the endpoints are estimated and judged, one per line.
    pub rules: Vec<String>,
    /// The fingerprints of the images.
    pub data: Vec<String>,
    /// The checksums of the tables, in the file; `None` in memory, and in files of versions that did not
    /// record them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<FileSums>,
}

/// The hash of a recipe, and its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeSummary {
    /// The hash of the recipe, see [`RunRow::recipe`].
    pub recipe: String,
    /// The number of finished runs that share it.
    pub runs: u32,
    /// The configuration of one of them; its rankscale, arm, seed and lambda have no meaning here.
    pub configuration: Configuration,
}

/// An arm at its own strength.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedArm {
    /// The arm.
    pub decay: Arm,
    /// The hash of its runs' recipe, which differs between arms if the peak learning rate does.
    pub recipe: String,
    /// The lambda of the arm.
    pub lambda: f64,
    /// The peak learning rate of the arm.
    pub peak_learning_rate: f64,
}

/// A complete analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// The summary, `summary.json`.
    pub summary: Summary,
    /// The runs, `runs.parquet`.
    pub runs: Vec<RunRow>,
    /// The epochs, `epochs.parquet`.
    pub epochs: Vec<StudyEpochRow>,
    /// The cells, `cells.parquet`.
    pub cells: Vec<CellRow>,
    /// The pairs, `comparisons.parquet`.
    pub comparisons: Vec<PairRow>,
    /// The pairs by class, `classes.parquet`.
    pub classes: Vec<ClassRow>,
    /// The layers, `layers.parquet`.
    pub layers: Vec<StudyLayerRow>,
    /// The layers over time, `trajectories.parquet`.
    pub trajectories: Vec<TrajectoryRow>,
    /// The ledger, `ledger.parquet`.
    pub ledger: Vec<LedgerRow>,
}

/// An analysis that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// The error of a table, which names the file.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The file system's error, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The table is not the one whose checksum `summary.json` records.
    #[error(
        "{0}: is not the table that summary.json names: it is damaged, or of another analysis, one of which was broken off; run `just \
         analyse` again"
    )]
    Mixture(PathBuf),
    /// The file is not JSON, or of another version.
    #[error("{path}: {reason}; run `just analyse` again")]
    Summary {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        reason: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(runs: &u32) -> bool {
    *runs == 0
}

impl Summary {
    /// Reads `summary.json` alone, and verifies its stamp.
    ///
    /// # Errors
    /// The file is missing, incomplete, damaged or foreign.
    pub fn read(layout: &Layout) -> Result<Self, StudyError> {
        let path = layout.summary();
        let json = reading::bytes(&path)?;
        stamp::check(&json)
            .and_then(|_| serde_json::from_slice(&json).map_err(|error| error.to_string()))
            .map_err(|reason| StudyError::Summary { path, reason })
    }
}

impl Study {
    /// Writes every file of the analysis; `summary.json` last, so that its presence means that all are there.
    /// Only one process writes at a time, and remains of killed ones are removed.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, layout: &Layout) -> Result<(), StudyError> {
        self.write_beside(layout, &[])
    }

    /// Does the same as [`Study::write`], with other files of the analysis, by name.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_beside(&self, layout: &Layout, others: &[(&str, &[u8])]) -> Result<(), StudyError> {
        let _held = lock(layout)?;
        atomic::clear(&layout.analysis())?;
        // A summary that does not record its tables must not stand beside newer ones.
        let path = layout.summary();
        if reading::is_there(&path)? && !Summary::read(layout).is_ok_and(|summary| summary.sealed.is_some()) {
            fs::remove_file(&path)?;
        }
        let mut files = BTreeMap::new();
        let mut keep = |name: &str, sha256: String| files.insert(file_name(name), sha256);
        keep("runs", write(layout, "runs", &self.runs)?);
        keep("epochs", write(layout, "epochs", &self.epochs)?);
        keep("cells", write(layout, "cells", &self.cells)?);
        keep("comparisons", write(layout, "comparisons", &self.comparisons)?);
        keep("classes", write(layout, "classes", &self.classes)?);
        keep("layers", write(layout, "layers", &self.layers)?);
        keep("trajectories", write(layout, "trajectories", &self.trajectories)?);
        keep("ledger", write(layout, "ledger", &self.ledger)?);
        for (name, bytes) in others {
            atomic::write(&layout.analysis().join(name), bytes)?;
            files.insert((*name).to_owned(), stamp::sha256(bytes));
        }
        let summary = Summary { sealed: Some(FileSums::of(files)), ..self.summary.clone() };
        Ok(stamp::write_json(&path, &summary, true)?)
    }

    /// Reads every file of the analysis.
    ///
    /// # Errors
    /// A file is missing, incomplete, damaged or foreign, or a table belongs to another analysis.
    pub fn read(layout: &Layout) -> Result<Self, StudyError> {
        let mut summary = Summary::read(layout)?;
        let sealed = summary.sealed.take();
        let sealed = sealed.as_ref();
        Ok(Self {
            summary,
            runs: read(layout, sealed, "runs")?,
            epochs: read(layout, sealed, "epochs")?,
            cells: read(layout, sealed, "cells")?,
            comparisons: read(layout, sealed, "comparisons")?,
            classes: read(layout, sealed, "classes")?,
            layers: read(layout, sealed, "layers")?,
            trajectories: read(layout, sealed, "trajectories")?,
            ledger: read(layout, sealed, "ledger")?,
        })
    }
}

/// Locks the analysis; `None` if the file system has no locks: then the checksums reveal what two
/// simultaneous analyses have mixed.
fn lock(layout: &Layout) -> io::Result<Option<Lock>> {
    let path = layout.analysis_lock();
    for _ in 0..PATIENCE {
        match Lock::take(&path) {
            Ok(held) => return Ok(Some(held)),
            Err(LockError::Held(_)) => sleep(PAUSE),
            Err(LockError::Io(error)) => return Err(error),
            Err(LockError::Refused { .. }) => return Ok(None),
        }
    }
    Err(io::Error::other(LockError::Held(path)))
}

fn file_name(name: &str) -> String {
    format!("{name}.parquet")
}

fn table_path(layout: &Layout, name: &str) -> PathBuf {
    layout.analysis().join(file_name(name))
}

fn write<T: Row>(layout: &Layout, name: &str, rows: &[T]) -> Result<String, TableError> {
    table::write(&table_path(layout, name), rows)
}

fn read<T: Row>(layout: &Layout, sealed: Option<&FileSums>, name: &str) -> Result<Vec<T>, StudyError> {
    let path = table_path(layout, name);
    let table = table::read_whole(&path)?;
    match sealed {
        Some(sealed) if sealed.files.get(&file_name(name)) != Some(&table.sha256) => {
            Err(StudyError::Mixture(path))
        }
        _ => Ok(table.rows),
    }
}

#[cfg(test)]
mod tests;
