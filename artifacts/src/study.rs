//! Joined tables and statistics: what `analysis` writes and `report` reads.
//!
//! *Invariant:* accuracies and differences are fractions; per cent appears on paper only.

use crate::configuration::Configuration;
use crate::table::{self, Row, TableError};
use crate::{atomic, layout::Layout};
use fs_err as fs;
use network::Arm;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// A row of `analysis/runs.parquet`: a run with its configuration and its last epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// The folder's name.
    pub run: String,
    /// `running`, `interrupted`, `done` or `diverged`.
    pub status: String,
    /// Whether the experiment under study plans this run.
    pub planned: bool,
    /// Whether it comes from a notebook's `results.json`.
    pub imported: bool,
    /// What runs must share to be compared: a hash of all but rankscale, arm, seed, lambda and engine.
    pub recipe: String,
    /// 0 for the dense network.
    pub rankscale: u32,
    /// The arm's name.
    pub decay: String,
    /// The seed.
    pub seed: u64,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// Channels joined by `-`, for example `64-128-256-512`.
    pub channels: String,
    /// Epochs planned.
    pub epochs: u32,
    /// Epochs that ended.
    pub epochs_done: u32,
    /// Images in an update.
    pub batch: u32,
    /// Size of the training subset; none for all images.
    pub train_images: Option<u32>,
    /// Size of the test subset; none for all images.
    pub test_images: Option<u32>,
    /// `float32`, `bf16` or `fp16`.
    pub precision: String,
    /// `tch` or `fused`.
    pub engine: String,
    /// Trainable numbers.
    pub parameters: u64,
    /// Multiply-accumulates of a forward pass of one image.
    pub macs: u64,
    /// Parameters over those with full 3x3 convolutions.
    pub ratio_full: f64,
    /// Parameters over those with depthwise-separable convolutions.
    pub ratio_separable: f64,
    /// After the last planned epoch; none where the run did not reach it.
    pub test_accuracy: Option<f64>,
    /// As `test_accuracy`.
    pub test_loss: Option<f64>,
    /// In the last planned epoch, on augmented images in training mode.
    pub train_accuracy: Option<f64>,
    /// As `train_accuracy`.
    pub train_loss: Option<f64>,
    /// Training and evaluation of all epochs that ended.
    pub seconds: Option<f64>,
    /// Median of the epochs'.
    pub images_per_second: Option<f64>,
    /// `cpu` or `cuda:N`.
    pub device: Option<String>,
    /// The processor's or the GPU's name.
    pub device_name: Option<String>,
    /// CPU threads for arithmetic.
    pub threads: Option<u32>,
    /// Commit of the trainer's source, with `+` where it was changed.
    pub git_revision: Option<String>,
    /// Of libtorch, where it trained the run.
    pub libtorch: Option<String>,
}

/// A row of `analysis/epochs.parquet`: an epoch with its run's key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyEpochRow {
    /// The folder's name.
    pub run: String,
    /// As in [`RunRow`].
    pub recipe: String,
    /// As in [`RunRow`].
    pub rankscale: u32,
    /// As in [`RunRow`].
    pub decay: String,
    /// As in [`RunRow`].
    pub seed: u64,
    /// As in [`RunRow`].
    pub lambda: f64,
    /// Counted from 1.
    pub epoch: u32,
    /// As in [`crate::run::EpochRow`].
    pub learning_rate: Option<f64>,
    /// As in [`crate::run::EpochRow`].
    pub train_loss: Option<f64>,
    /// As in [`crate::run::EpochRow`].
    pub train_accuracy: Option<f64>,
    /// As in [`crate::run::EpochRow`].
    pub test_loss: Option<f64>,
    /// As in [`crate::run::EpochRow`].
    pub test_accuracy: f64,
}

/// A row of `analysis/cells.parquet`: the finished runs of one (recipe, lambda, rankscale, arm).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRow {
    /// As in [`RunRow`].
    pub recipe: String,
    /// As in [`RunRow`].
    pub lambda: f64,
    /// As in [`RunRow`].
    pub rankscale: u32,
    /// As in [`RunRow`].
    pub decay: String,
    /// Finished runs, one a seed.
    pub runs: u32,
    /// Mean last-epoch test accuracy.
    pub mean: f64,
    /// Sample standard deviation over seeds; none for one run.
    pub sd: Option<f64>,
    /// Lowest.
    pub min: f64,
    /// Highest.
    pub max: f64,
    /// As in [`RunRow`].
    pub parameters: u64,
    /// As in [`RunRow`].
    pub macs: u64,
}

/// A row of `analysis/comparisons.parquet`: a run against the `original` (or, for the published arms, the
/// `published-original`) run of the same recipe, lambda, rankscale, engine and
/// seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRow {
    /// As in [`RunRow`].
    pub recipe: String,
    /// As in [`RunRow`].
    pub lambda: f64,
    /// As in [`RunRow`].
    pub rankscale: u32,
    /// As in [`RunRow`].
    pub seed: u64,
    /// The arm under test.
    pub decay: String,
    /// The arm it is compared with.
    pub baseline: String,
    /// Test accuracy of the arm under test.
    pub accuracy: f64,
    /// Test accuracy of the baseline.
    pub baseline_accuracy: f64,
    /// `accuracy - baseline_accuracy`.
    pub difference: f64,
}

/// A row of `analysis/ledger.parquet`: a planned run, or a folder that is there, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The folder's name; for a planned run that never started, what is known of its name.
    pub run: String,
    /// `done`, `running`, `interrupted`, `diverged`, `missing` (planned, never started) or `quarantined` (a
    /// folder that cannot be used).
    pub state: String,
    /// Whether the experiment under study plans it.
    pub planned: bool,
    /// Epochs that ended.
    pub epochs_done: u32,
    /// Epochs planned; 0 where unknown.
    pub epochs: u32,
    /// Why it is not done, and what to do; empty where it is.
    pub reason: String,
}

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Nominal coverage, for example 0.95.
    pub level: f64,
}

/// What may be said of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The arm is better.
    Better,
    /// The arm is worse.
    Worse,
    /// The interval lies within the margin that would matter.
    NoMeaningfulDifference,
    /// Nothing can be said; what is missing is named.
    NotEnoughEvidence,
}

/// The primary endpoint of one arm: mean over rankscales of (arm - baseline) last-epoch test accuracy, paired by
/// (rankscale, seed).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The arm under test.
    pub decay: Arm,
    /// The arm it is compared with.
    pub baseline: Arm,
    /// What its runs share.
    pub recipe: String,
    /// Their base strength of weight decay.
    pub lambda: f64,
    /// Rankscales with at least one pair.
    pub rankscales: Vec<u32>,
    /// Pairs in all.
    pub pairs: u32,
    /// Fewest pairs at a rankscale.
    pub seeds: u32,
    /// Mean over rankscales of the mean difference; none without a pair.
    pub difference: Option<f64>,
    /// Its interval; none where there is not enough data for one.
    pub interval: Option<Interval>,
    /// Two-sided p by sign-flip permutation; none where there is not enough data.
    pub p: Option<f64>,
    /// The verdict.
    pub verdict: Verdict,
    /// The rule that gave it, in words.
    pub rule: String,
    /// What is missing for a better founded verdict, one item a line.
    pub missing: Vec<String>,
}

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
    /// The endpoints, headline first.
    pub endpoints: Vec<Endpoint>,
    /// How the endpoints are estimated and judged, stated before any result was looked at; one rule a line.
    #[serde(default)]
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
        write(layout, "ledger", &self.ledger)?;
        let mut json = serde_json::to_vec_pretty(&self.summary).map_err(io::Error::from)?;
        json.push(b'\n');
        atomic::write(&summary_path(layout), json)?;
        Ok(())
    }

    /// Reads every file of the analysis.
    ///
    /// # Errors
    /// A missing, half-written or foreign file.
    pub fn read(layout: &Layout) -> Result<Self, StudyError> {
        let path = summary_path(layout);
        let summary = serde_json::from_str(&fs::read_to_string(&path)?)
            .map_err(|error| StudyError::Summary { path, reason: error.to_string() })?;
        Ok(Self {
            summary,
            runs: read(layout, "runs")?,
            epochs: read(layout, "epochs")?,
            cells: read(layout, "cells")?,
            comparisons: read(layout, "comparisons")?,
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
