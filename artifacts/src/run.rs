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

/// The status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Under way, or killed.
    Running,
    /// Stopped by a signal; it resumes from its last epoch.
    Interrupted,
    /// All epochs are done.
    Done,
    /// The loss was no longer finite; the run ends here.
    Diverged,
}

impl Status {
    /// Returns the name in files and tables.
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

/// The data that a run was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataProvenance {
    /// Content fingerprint of the training images and of the test images, joined by a colon.
    pub fingerprint: String,
    /// The source of the images.
    pub source: String,
}

/// Where and with what a run was made. None of it is part of its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The commit of the sources that the trainer was built from, or `unknown`.
    pub git_revision: String,
    /// Whether those sources had uncommitted changes.
    pub git_dirty: bool,
    /// The device, `cpu` or `cuda:N`.
    pub device: String,
    /// The name of the CPU or the GPU.
    pub device_name: String,
    /// CPU threads for arithmetic.
    pub threads: usize,
    /// The version of this pipeline.
    pub version: String,
    /// The instruction set of the fused engine, for example `avx2`; `None` for a run of libtorch.
    pub instructions: Option<String>,
    /// The version of libtorch; `None` for a run of the fused engine.
    pub libtorch: Option<String>,
    /// The name of the host.
    pub host: String,
    /// The time of its first start, in seconds since 1970 (UTC).
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

/// The record of a run, `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// The version of the files, [`FORMAT`].
    pub format: u32,
    /// The name of the run, which is that of its folder.
    pub name: String,
    /// The status of the run.
    pub status: Status,
    /// The configuration of the run.
    pub configuration: Configuration,
    /// The counts of its network.
    pub counts: Counts,
    /// The data that it was trained on.
    pub data: DataProvenance,
    /// Whether this program trained it, and then where and with what.
    #[serde(rename = "provenance")]
    pub origin: Origin,
    /// The checksums of its files; `None` in runs of versions that did not record them, before tables were
    /// sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<FileSums>,
}
