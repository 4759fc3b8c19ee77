//! How a run computes: in which precision, on which backend.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Arithmetic of the convolutions; batch norm statistics and the weights' master copy are always float32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// IEEE single precision.
    Float32,
    /// Brain float: 8 bits of mantissa, and the range of float32.
    Bf16,
    /// IEEE half precision, which the 2018 reference used.
    Fp16,
}

impl Precision {
    /// All precisions.
    pub const ALL: [Self; 3] = [Self::Float32, Self::Bf16, Self::Fp16];

    /// Returns the name in files and flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Bf16 => "bf16",
            Self::Fp16 => "fp16",
        }
    }
}

/// A name that is not a precision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("precision {0}: must be float32, bf16 or fp16")]
pub struct UnknownPrecision(pub String);

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(name: &str) -> Result<Self, UnknownPrecision> {
        Self::ALL
            .into_iter()
            .find(|precision| precision.name() == name)
            .ok_or_else(|| UnknownPrecision(name.to_owned()))
    }
}

/// The name of what trains a run; files and flags call it the engine. Both train one description of the
/// network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// libtorch: any device, any precision, and the dense network too.
    Tch,
    /// Our own kernels: low-rank networks on the CPU in float32, several times as fast.
    Fused,
}

impl Backend {
    /// Both engines.
    pub const ALL: [Self; 2] = [Self::Tch, Self::Fused];

    /// Returns the name in files and flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tch => "tch",
            Self::Fused => "fused",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
