//! The files of one run: `run.json`, `epochs.parquet`, `layers.parquet`, `predictions.parquet`,
//! `model.safetensors`, and, while it is under way, `checkpoint.safetensors`.

mod folder;
mod headway;
mod rows;
mod sealed;

pub use folder::{RunError, RunFolder, folders, strays};
pub use headway::{Condition, Headway};
pub use rows::{EpochRow, LayerRow, PredictionRow};

use crate::configuration::Configuration;
use crate::stamp::FileSums;
use network::Counts;
use serde::{Deserialize, Serialize};

/// Version of the files of a run; raised when their meaning changes.
pub const FORMAT: u32 = 2;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Under way, or killed without a word.
    Running,
    /// Stopped by a signal; it resumes from its last epoch.
    Interrupted,
    /// All epochs are there.
    Done,
    /// The loss was no longer a finite number; it ends here.
    Diverged,
}

impl Status {
    /// The name in files and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Done => "done",
            Self::Diverged => "diverged",
        }
    }
}

/// The data a run was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataProvenance {
    /// Content fingerprint of the training images and of the test images, joined by a colon.
    pub fingerprint: String,
    /// Where the images came from.
    pub source: String,
}

/// Where and with what a run was made. None of it is part of its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Commit of the sources the trainer was built from, or `unknown`.
    pub git_revision: String,
    /// Whether those sources had uncommitted changes then.
    pub git_dirty: bool,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// The processor's or the GPU's name.
    pub device_name: String,
    /// CPU threads for arithmetic.
    pub threads: usize,
    /// Of this pipeline.
    pub version: String,
    /// Of the fused engine, for example `avx2`; none for a run of libtorch.
    pub instructions: Option<String>,
    /// Of libtorch; none for a run of the fused engine.
    pub libtorch: Option<String>,
    /// The machine's name.
    pub host: String,
    /// When it first started, in seconds since 1970 (UTC).
    pub started_unix_seconds: u64,
}

/// Where a run comes from. In `run.json` it is the key `provenance`, null for an imported run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<Provenance>", into = "Option<Provenance>")]
pub enum Origin {
    /// This program trained it.
    Trained(Provenance),
    /// It comes from a notebook's `results.json`, which keeps the last epoch alone.
    Imported,
}

impl Origin {
    /// Returns where and with what a run was trained; none for an imported one.
    #[must_use]
    pub const fn provenance(&self) -> Option<&Provenance> {
        match self {
            Self::Trained(provenance) => Some(provenance),
            Self::Imported => None,
        }
    }
}

impl From<Option<Provenance>> for Origin {
    fn from(provenance: Option<Provenance>) -> Self {
        provenance.map_or(Self::Imported, Self::Trained)
    }
}

impl From<Origin> for Option<Provenance> {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Trained(provenance) => Some(provenance),
            Origin::Imported => None,
        }
    }
}

/// `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// [`FORMAT`].
    pub format: u32,
    /// The folder's name.
    pub name: String,
    /// How far it has come.
    pub status: Status,
    /// What it is.
    pub configuration: Configuration,
    /// What its network costs.
    pub counts: Counts,
    /// What it saw.
    pub data: DataProvenance,
    /// Whether this program trained it, and then where and with what.
    #[serde(rename = "provenance")]
    pub origin: Origin,
    /// What its files are; none in runs of versions that did not say so, written before tables were sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<FileSums>,
}
