//! Where a run computes: `cpu`, `cuda:N`, or `auto` for the first GPU if there is one.
//!
//! *Invariant:* a GPU that was asked for is used, or the program says why not; it never falls back.

use std::fmt;
use std::str::FromStr;
use tch::{Cuda, Device};

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU if there is one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// This GPU.
    Cuda(usize),
}

/// A device that is not there, or no device at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// A name that no device has.
    #[error("device `{0}`: expected auto, cpu, cuda or cuda:N")]
    Name(String),
    /// This libtorch has no CUDA.
    #[error(
        "device cuda:{0}: the linked libtorch has no CUDA; run `./justw setup --cuda` on a machine with an NVIDIA GPU, or use DEVICE=cpu"
    )]
    NoCuda(usize),
    /// CUDA sees fewer GPUs.
    #[error("device cuda:{asked}: CUDA sees {found} GPU(s); `just doctor` says more, or use DEVICE=cpu")]
    NoSuchGpu {
        /// What was asked for.
        asked: usize,
        /// GPUs found.
        found: i64,
    },
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => name
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| DeviceError::Name(name.to_owned())),
        }
    }
}

impl DeviceChoice {
    /// The device itself.
    ///
    /// # Errors
    /// A GPU that is not there.
    pub fn resolve(self) -> Result<Device, DeviceError> {
        match self {
            Self::Auto if Cuda::is_available() => Ok(Device::Cuda(0)),
            Self::Auto | Self::Cpu => Ok(Device::Cpu),
            Self::Cuda(asked) if !tch::utils::has_cuda() => Err(DeviceError::NoCuda(asked)),
            Self::Cuda(asked) => match Cuda::device_count() {
                found if (asked as i64) < found => Ok(Device::Cuda(asked)),
                found => Err(DeviceError::NoSuchGpu { asked, found }),
            },
        }
    }
}

/// A device as users write it.
#[derive(Debug, Clone, Copy)]
pub struct DeviceName(pub Device);

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Device::Cuda(index) => write!(f, "cuda:{index}"),
            _ => f.write_str("cpu"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_wrong_ones_refused() {
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda(0)));
        assert_eq!("cuda:3".parse(), Ok(DeviceChoice::Cuda(3)));
        for wrong in ["gpu", "cuda:", "cuda:-1", "CPU"] {
            assert_eq!(wrong.parse::<DeviceChoice>(), Err(DeviceError::Name(wrong.to_owned())));
        }
    }

    #[test]
    fn a_gpu_that_is_not_there_is_an_error_and_never_the_cpu() {
        let error = DeviceChoice::Cuda(4096).resolve().unwrap_err().to_string();
        assert!(error.contains("cuda:4096") && error.contains("DEVICE=cpu"), "{error}");
    }
}
