//! The device and the engine of a run: `cpu`, `cuda:N`, or `auto` for the first GPU if there is one; `tch`,
//! `fused`, or `auto` for libtorch on a GPU and our own kernels on the CPU.
//!
//! *Invariant:* a requested GPU or engine is used, or the program says why not; it never falls back.

use artifacts::{Backend, Configuration};
use std::fmt;
use std::str::FromStr;

/// A device to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Device {
    /// The CPU.
    Cpu,
    /// The GPU with this index.
    Cuda(usize),
}

/// The device that the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU if there is one, else the CPU.
    Auto,
    /// The first GPU, and for a sweep every GPU; there must be one.
    Gpus,
    /// This device.
    Only(Device),
}

/// The engine that the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendChoice {
    /// libtorch on a GPU, our own kernels on the CPU for every network they know.
    Auto,
    /// This engine, except that libtorch still trains the dense network.
    Only(Backend),
}

/// A device or an engine that does not exist or is not available.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The name is not that of a device.
    #[error("device `{0}`: expected auto, cpu, cuda, cuda:N or cuda:all")]
    Name(String),
    /// The name is not that of an engine.
    #[error("engine `{0}`: expected auto, tch or fused")]
    EngineName(String),
    /// The program has no CUDA.
    #[error(
        "device cuda:{0}: the linked libtorch has no CUDA; run `./justw setup --cuda` on a machine with an NVIDIA GPU, or use DEVICE=cpu"
    )]
    NoCuda(usize),
    /// CUDA sees fewer GPUs.
    #[error("device cuda:{asked}: CUDA sees {found} GPU(s); `just doctor` says more, or use DEVICE=cpu")]
    NoSuchGpu {
        /// The index that was asked for.
        asked: usize,
        /// The number of GPUs found.
        found: usize,
    },
    /// Our own kernels do not run on a GPU.
    #[error("engine fused: it computes on the CPU, not on cuda:{0}; use ENGINE=tch, or DEVICE=cpu")]
    FusedOnGpu(usize),
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Only(Device::Cpu)),
            "cuda" => Ok(Self::Only(Device::Cuda(0))),
            "cuda:all" => Ok(Self::Gpus),
            _ => name
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(|index| Self::Only(Device::Cuda(index)))
                .ok_or_else(|| DeviceError::Name(name.to_owned())),
        }
    }
}

impl FromStr for BackendChoice {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "auto" => Ok(Self::Auto),
            _ => Backend::ALL
                .into_iter()
                .find(|engine| engine.name() == name)
                .map(Self::Only)
                .ok_or_else(|| DeviceError::EngineName(name.to_owned())),
        }
    }
}

impl DeviceChoice {
    /// Resolves the choice, given the number of GPUs that the program sees, or `None` for a program without
    /// CUDA.
    ///
    /// # Errors
    /// The requested GPU does not exist.
    pub fn resolve(self, gpus: Option<usize>) -> Result<Device, DeviceError> {
        match (self, gpus) {
            (Self::Auto, Some(1..)) => Ok(Device::Cuda(0)),
            (Self::Auto, _) => Ok(Device::Cpu),
            (Self::Gpus, gpus) => Self::Only(Device::Cuda(0)).resolve(gpus),
            (Self::Only(Device::Cuda(asked)), None) => Err(DeviceError::NoCuda(asked)),
            (Self::Only(Device::Cuda(asked)), Some(found)) if asked >= found => {
                Err(DeviceError::NoSuchGpu { asked, found })
            }
            (Self::Only(device), _) => Ok(device),
        }
    }
}

impl DeviceChoice {
    /// Returns all devices that a sweep may use: the requested one, else every GPU, else the CPU.
    ///
    /// # Errors
    /// Those of [`DeviceChoice::resolve`].
    pub fn resolve_all(self, gpus: Option<usize>) -> Result<Vec<Device>, DeviceError> {
        match (self, gpus) {
            (Self::Auto | Self::Gpus, Some(found @ 1..)) => Ok((0..found).map(Device::Cuda).collect()),
            _ => Ok(vec![self.resolve(gpus)?]),
        }
    }
}

impl BackendChoice {
    /// Returns the engine for a device.
    ///
    /// # Errors
    /// The fused engine was requested on a GPU.
    pub fn resolve(self, device: Device) -> Result<Backend, DeviceError> {
        match (self, device) {
            (Self::Auto, Device::Cpu) => Ok(Backend::Fused),
            (Self::Auto, Device::Cuda(_)) => Ok(Backend::Tch),
            (Self::Only(Backend::Fused), Device::Cuda(index)) => Err(DeviceError::FusedOnGpu(index)),
            (Self::Only(engine), _) => Ok(engine),
        }
    }

    /// Configures a single run for a device. Unlike in a sweep, a requested engine must support the network.
    ///
    /// # Errors
    /// Those of [`BackendChoice::resolve`], or the fused engine does not support the network or the
    /// precision.
    pub fn configure(self, device: Device, run: Configuration) -> anyhow::Result<Configuration> {
        let engine = self.resolve(device)?;
        match self {
            Self::Auto => Ok(run.on(engine)),
            Self::Only(_) => Ok(Configuration { engine, ..run }.validated()?),
        }
    }
}

/// Formats a device as users write it.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cuda(index) => write!(f, "cuda:{index}"),
            Self::Cpu => f.write_str("cpu"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_wrong_ones_refused() {
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Only(Device::Cuda(0))));
        assert_eq!("cuda:3".parse(), Ok(DeviceChoice::Only(Device::Cuda(3))));
        assert_eq!("cuda:all".parse(), Ok(DeviceChoice::Gpus));
        for wrong in ["gpu", "cuda:", "cuda:-1", "CPU"] {
            assert_eq!(wrong.parse::<DeviceChoice>(), Err(DeviceError::Name(wrong.to_owned())));
        }
        assert_eq!("fused".parse(), Ok(BackendChoice::Only(Backend::Fused)));
        assert_eq!("torch".parse::<BackendChoice>(), Err(DeviceError::EngineName("torch".to_owned())));
    }

    #[test]
    fn a_gpu_that_is_not_there_is_an_error_and_never_the_cpu() {
        let gpu = |index| DeviceChoice::Only(Device::Cuda(index));
        let message = gpu(0).resolve(None).unwrap_err().to_string();
        assert!(message.contains("no CUDA") && message.contains("DEVICE=cpu"), "{message}");
        let message = gpu(2).resolve(Some(2)).unwrap_err().to_string();
        assert!(message.contains("cuda:2") && message.contains("2 GPU(s)"), "{message}");
        assert_eq!(gpu(1).resolve(Some(2)), Ok(Device::Cuda(1)));
        assert_eq!(DeviceChoice::Auto.resolve(Some(1)), Ok(Device::Cuda(0)));
        assert_eq!(DeviceChoice::Auto.resolve(Some(0)), Ok(Device::Cpu));
        assert_eq!(DeviceChoice::Auto.resolve(None), Ok(Device::Cpu));
        assert_eq!(DeviceChoice::Auto.resolve_all(Some(2)), Ok(vec![Device::Cuda(0), Device::Cuda(1)]));
        assert_eq!(DeviceChoice::Auto.resolve_all(Some(0)), Ok(vec![Device::Cpu]));
        assert_eq!(DeviceChoice::Gpus.resolve_all(Some(2)), Ok(vec![Device::Cuda(0), Device::Cuda(1)]));
        assert_eq!(
            DeviceChoice::Gpus.resolve_all(Some(0)),
            Err(DeviceError::NoSuchGpu { asked: 0, found: 0 })
        );
        assert_eq!(DeviceChoice::Gpus.resolve_all(None), Err(DeviceError::NoCuda(0)));
        assert_eq!(gpu(1).resolve_all(Some(2)), Ok(vec![Device::Cuda(1)]));
    }

    #[test]
    fn the_engine_follows_the_device_unless_one_is_asked_for() {
        assert_eq!(BackendChoice::Auto.resolve(Device::Cpu), Ok(Backend::Fused));
        assert_eq!(BackendChoice::Auto.resolve(Device::Cuda(0)), Ok(Backend::Tch));
        let fused = BackendChoice::Only(Backend::Fused);
        assert_eq!(fused.resolve(Device::Cuda(1)), Err(DeviceError::FusedOnGpu(1)));
        let dense = Configuration { rankscale: 0, ..Configuration::default() };
        assert_eq!(
            BackendChoice::Auto.configure(Device::Cpu, dense.clone()).unwrap().engine,
            Backend::Tch,
            "the dense network is libtorch's"
        );
        assert!(fused.configure(Device::Cpu, dense).unwrap_err().to_string().contains("engine fused"));
    }
}
