//! Joined tables and statistics: what `analysis` writes and `report` reads.
//!
//! *Invariant:* accuracies and differences are fractions; per cent appears on paper only.

mod endpoint;
mod interval;
mod rows;
mod secondary;
mod standing;

pub use endpoint::{Certainty, Endpoint, Heterogeneity, Role, Size, Verdict};
pub use interval::Interval;
pub use rows::{CellRow, ClassRow, LedgerRow, PairRow, RunRow, StudyEpochRow, StudyLayerRow, TrajectoryRow};
pub use secondary::{
    Agreement, AtRankscale, ClassDifference, Estimate, Identical, ImageByImage, Intraclass, Later, Noise,
    Replication, Secondary, Trend, Wins,
};
pub use standing::{Looks, Sealed, Standing};

use crate::configuration::Configuration;
use crate::table::{self, Row, TableError};
use crate::{atomic, layout::Layout};
use fs_err as fs;
use network::Arm;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// `analysis/summary.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The experiment under study; none where all runs are taken as they are.
    pub experiment: Option<String>,
    /// What the experiment asks.
    pub title: Option<String>,
    /// Runs planned.
    pub planned: u32,
    /// Planned runs that are done.
    pub done: u32,
    /// Recipes of the runs under study: hash, and a configuration that stands for it.
    pub recipes: Vec<RecipeSummary>,
    /// How far the verdict was fixed before the data.
    pub standing: Standing,
    /// The endpoints, headline first.
    pub endpoints: Vec<Endpoint>,
    /// The A/A check: rankscales of the headline recipe that build one network.
    pub identical: Vec<Identical>,
    /// The arms of an experiment whose arms each have a strength of their own; empty for all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tuned: Vec<TunedArm>,
    /// How the endpoints are estimated and judged, one rule a line.
    pub rules: Vec<String>,
    /// Of the images.
    pub data: Vec<String>,
}

/// A recipe's hash and meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeSummary {
    /// As in [`RunRow`].
    pub recipe: String,
    /// Finished runs that share it.
    pub runs: u32,
    /// One of them; its rankscale, arm, seed and lambda mean nothing here.
    pub configuration: Configuration,
}

/// An arm at the strength that it alone has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedArm {
    /// The arm.
    pub decay: Arm,
    /// The hash of its runs' recipe, which differs where the peak rate does.
    pub recipe: String,
    /// Its lambda.
    pub lambda: f64,
    /// Its peak learning rate.
    pub peak_learning_rate: f64,
}

/// All of an analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// `summary.json`.
    pub summary: Summary,
    /// `runs.parquet`.
    pub runs: Vec<RunRow>,
    /// `epochs.parquet`.
    pub epochs: Vec<StudyEpochRow>,
    /// `cells.parquet`.
    pub cells: Vec<CellRow>,
    /// `comparisons.parquet`.
    pub comparisons: Vec<PairRow>,
    /// `classes.parquet`.
    pub classes: Vec<ClassRow>,
    /// `layers.parquet`.
    pub layers: Vec<StudyLayerRow>,
    /// `trajectories.parquet`.
    pub trajectories: Vec<TrajectoryRow>,
    /// `ledger.parquet`.
    pub ledger: Vec<LedgerRow>,
}

/// An analysis that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// A table's word, which names the file.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The file system's word, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not JSON, or of another version.
    #[error("{path}: {reason}; run `just analyse` again")]
    Summary {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        reason: String,
    },
}

impl Summary {
    /// Reads `summary.json` alone.
    ///
    /// # Errors
    /// A missing, half-written or foreign file.
    pub fn read(layout: &Layout) -> Result<Self, StudyError> {
        let path = summary_path(layout);
        serde_json::from_str(&fs::read_to_string(&path)?)
            .map_err(|error| StudyError::Summary { path, reason: error.to_string() })
    }
}

impl Study {
    /// Writes every file of the analysis; `summary.json` last, so that its presence means that all are there.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self, layout: &Layout) -> Result<(), StudyError> {
        write(layout, "runs", &self.runs)?;
        write(layout, "epochs", &self.epochs)?;
        write(layout, "cells", &self.cells)?;
        write(layout, "comparisons", &self.comparisons)?;
        write(layout, "classes", &self.classes)?;
        write(layout, "layers", &self.layers)?;
        write(layout, "trajectories", &self.trajectories)?;
        write(layout, "ledger", &self.ledger)?;
        Ok(atomic::write_json(&summary_path(layout), &self.summary)?)
    }

    /// Reads every file of the analysis.
    ///
    /// # Errors
    /// A missing, half-written or foreign file.
    pub fn read(layout: &Layout) -> Result<Self, StudyError> {
        Ok(Self {
            summary: Summary::read(layout)?,
            runs: read(layout, "runs")?,
            epochs: read(layout, "epochs")?,
            cells: read(layout, "cells")?,
            comparisons: read(layout, "comparisons")?,
            classes: read(layout, "classes")?,
            layers: read(layout, "layers")?,
            trajectories: read(layout, "trajectories")?,
            ledger: read(layout, "ledger")?,
        })
    }
}

/// `analysis/summary.json`.
#[must_use]
pub fn summary_path(layout: &Layout) -> PathBuf {
    layout.analysis().join("summary.json")
}

fn table_path(layout: &Layout, name: &str) -> PathBuf {
    layout.analysis().join(Path::new(name).with_extension("parquet"))
}

fn write<T: Row>(layout: &Layout, name: &str, rows: &[T]) -> Result<(), TableError> {
    table::write(&table_path(layout, name), rows)
}

fn read<T: Row>(layout: &Layout, name: &str) -> Result<Vec<T>, TableError> {
    table::read(&table_path(layout, name))
}
