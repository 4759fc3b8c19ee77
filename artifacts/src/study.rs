//! Joined tables and statistics: what `analysis` writes and `report` reads.
//!
//! *Invariant:* accuracies and differences are fractions; per cent appears on paper only.

mod interval;
mod rows;
mod secondary;

pub use interval::Interval;
pub use rows::{CellRow, ClassRow, LedgerRow, PairRow, RunRow, StudyEpochRow, StudyLayerRow, TrajectoryRow};
pub use secondary::{
    Agreement, AtRankscale, ClassDifference, Estimate, Identical, ImageByImage, Intraclass, Later, Noise,
    Replication, Secondary, Trend, Wins,
};

use crate::configuration::Configuration;
use crate::table::{self, Row, TableError};
use crate::{atomic, layout::Layout};
use fs_err as fs;
use network::Arm;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// What may be said of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The arm is better.
    Better,
    /// The arm is worse.
    Worse,
    /// The difference lies within the margin that would matter.
    NoMeaningfulDifference,
    /// Nothing can be said; what is missing is named.
    NotEnoughEvidence,
}

/// How large a difference is that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// Its interval lies wholly beyond the margin.
    Relevant,
    /// It lies within the margin.
    Negligible,
    /// Neither is shown.
    Open,
}

/// What a comparison is to the experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The one that is asked about.
    Primary,
    /// One of the others, whose p values are adjusted for their number.
    Secondary,
}

/// The primary endpoint of one arm: mean over networks of (arm - baseline) last-epoch test accuracy, paired by (network, seed).
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
    /// What it is to the experiment.
    pub role: Role,
    /// Two-sided level that it is judged at.
    pub alpha: f64,
    /// Differences within this do not matter.
    pub margin: f64,
    /// Rankscales with at least one pair.
    pub rankscales: Vec<u32>,
    /// Pairs in all, each (network, seed) once.
    pub pairs: u32,
    /// Fewest pairs of a network.
    pub seeds: u32,
    /// Mean over networks of the mean difference; none without a pair.
    pub difference: Option<f64>,
    /// Standard error, degrees of freedom, intervals and p; none where there is no spread to go by.
    pub certainty: Option<Certainty>,
    /// The F test of one mean for all networks; none for a single network, or without a spread.
    pub heterogeneity: Option<Heterogeneity>,
    /// Runs without a result because they diverged, of the arm and of its baseline.
    pub diverged: [u32; 2],
    /// The look that these numbers are of; none where all pairs there are were taken.
    pub look: Option<u32>,
    /// The verdict.
    pub verdict: Verdict,
    /// How large the difference is; none where none was found.
    pub size: Option<Size>,
    /// What the verdict must be read with, in words.
    pub qualifiers: Vec<String>,
    /// In what the runs differ from those that the question asks for, and still answer it.
    pub differs: Vec<String>,
    /// The verdict as a clause, with the arms in backticks and without a full stop.
    pub says: String,
    /// The rule that gave the verdict, in words.
    pub rule: String,
    /// What is missing for a better founded verdict, one item a line.
    pub missing: Vec<String>,
    /// What else is said of the arm.
    pub secondary: Secondary,
}

impl Endpoint {
    /// The interval of level `1 - alpha`.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        self.certainty.map(|certainty| certainty.interval)
    }

    /// The p that is judged: adjusted where others were looked at as well.
    #[must_use]
    pub fn p(&self) -> Option<f64> {
        self.certainty.map(|certainty| certainty.p_adjusted.unwrap_or(certainty.p))
    }
}

/// How well a mean difference is known, by Student's t.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certainty {
    /// Standard error.
    pub error: f64,
    /// Its degrees of freedom, by Satterthwaite.
    pub freedom: f64,
    /// The interval of level `1 - alpha`: zero lies outside exactly where `p` is below alpha.
    pub interval: Interval,
    /// The interval of level `1 - 2 alpha`, for two one-sided tests.
    pub equivalence: Interval,
    /// Two-sided p of no difference.
    pub p: f64,
    /// The same adjusted over the secondary comparisons; none for the primary one.
    pub p_adjusted: Option<f64>,
    /// p of a difference beyond the margin: the larger of two one-sided ones.
    pub p_equivalence: f64,
    /// The same adjusted over the secondary comparisons; none for the primary one.
    pub p_equivalence_adjusted: Option<f64>,
}

/// A test of one mean for several groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heterogeneity {
    /// Mean square between groups over that within.
    pub f: f64,
    /// Degrees of freedom between and within.
    pub freedom: [u32; 2],
    /// The p of F.
    pub p: f64,
}

/// How far the verdict was fixed before the data, and what has been spent of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// What was sealed before the first run; none where nothing was.
    pub sealed: Option<Sealed>,
    /// Why the result is exploratory, one reason a line; empty where it is confirmatory.
    pub exploratory: Vec<String>,
    /// The planned looks; none where none is planned.
    pub looks: Option<Looks>,
}

/// A seal, as far as a reader needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// When, in seconds since 1970 (UTC).
    pub unix_seconds: u64,
    /// Commit of the program that sealed it.
    pub git_revision: String,
    /// SHA-256 of the plan.
    pub plan_sha256: String,
    /// SHA-256 of the rules' texts; none where the seal does not hold it.
    pub rules_sha256: Option<String>,
}

/// The looks of an experiment at its primary comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looks {
    /// Pairs at every rankscale at each of them.
    pub planned: Vec<u32>,
    /// How many of them the runs allow.
    pub reached: u32,
    /// The look that reached a verdict, counted from 1; none so far.
    pub decided: Option<u32>,
    /// Runs missing for the next look; none where all are reached.
    pub missing: Option<u32>,
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
    /// How far the verdict was fixed before the data.
    pub standing: Standing,
    /// The endpoints, headline first.
    pub endpoints: Vec<Endpoint>,
    /// The A/A check: rankscales of the headline recipe that build one network.
    pub identical: Vec<Identical>,
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
        let path = summary_path(layout);
        let summary = serde_json::from_str(&fs::read_to_string(&path)?)
            .map_err(|error| StudyError::Summary { path, reason: error.to_string() })?;
        Ok(Self {
            summary,
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
