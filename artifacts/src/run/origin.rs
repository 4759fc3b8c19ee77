//! Where a run comes from: who trained it, where and with what, part after part.
//!
//! *Invariant:* every epoch that a run keeps was made with what the last part before it says.

use serde::{Deserialize, Serialize};

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

/// A part of a run that was trained elsewhere, or with something else, than the part before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// The number of epochs that the run had when it was taken up.
    pub after_epoch: usize,
    /// Where and with what the epochs after it were made.
    pub provenance: Provenance,
}

impl Provenance {
    /// Returns whether all but the times are equal.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        *self == Self { started_unix_seconds: self.started_unix_seconds, ..other.clone() }
    }
}
