//! The training engines: one description of the network, two implementations.
//!
//! [`Engine`] switches between [`fused`] (our own kernels) and `torch` (libtorch); [`epoch`] holds the inputs
//! and outputs of both; [`memory`] estimates their memory. This module imports `data` and `machine`.
//!
//! *Invariant:* an engine sees images, draws, learning rates and decays, and returns sums, predictions and
//! weights; the session decides what an epoch is, and what is saved when.

pub mod epoch;
pub mod fused;
pub mod memory;
#[cfg(feature = "tch")]
pub mod torch;
pub mod ways;

use crate::data::images::Images;
use crate::data::state_dict::StateDict;
use crate::engine::epoch::{Epoch, OnBatch, OnUpdate, Predictions, Sums};
use crate::engine::fused::Fused;
#[cfg(feature = "tch")]
use crate::engine::torch::Torch;
use crate::engine::ways::Ways;
#[cfg(feature = "tch")]
use crate::machine::allocator::prefer_huge_pages;
use crate::machine::device::Device;
use artifacts::Configuration;
use kernels::Isa;

/// A network, its momentum and its images, on one of the two engines.
#[derive(Debug)]
pub enum Engine<'a> {
    /// Our own kernels.
    Fused(Box<Fused<'a>>),
    /// libtorch.
    #[cfg(feature = "tch")]
    Torch(Box<Torch>),
}

impl<'a> Engine<'a> {
    /// Takes up parameters, running statistics, momentum (`velocity.*`) if there is any, and the images of a
    /// run.
    ///
    /// # Errors
    /// The run needs libtorch and the program is built without it, or no threads can be started.
    pub fn new(
        configuration: &Configuration,
        state: &StateDict,
        (train, test): (Images<'a>, Images<'a>),
        device: Device,
        threads: usize,
    ) -> anyhow::Result<Self> {
        let ways = Ways::of(device);
        Self::by(configuration, state, (train, test), device, threads, ways)
    }

    /// Does the same as [`Engine::new`], but computes in the given ways.
    ///
    /// # Errors
    /// Those of [`Engine::new`].
    pub fn by(
        configuration: &Configuration,
        state: &StateDict,
        (train, test): (Images<'a>, Images<'a>),
        device: Device,
        threads: usize,
        ways: Ways,
    ) -> anyhow::Result<Self> {
        let architecture = configuration.architecture();
        match configuration.engine {
            artifacts::Backend::Fused => {
                let isa = ways.instructions.unwrap_or_else(Isa::best);
                Ok(Self::Fused(Box::new(Fused::new(architecture, state, (train, test), threads, isa)?)))
            }
            #[cfg(feature = "tch")]
            artifacts::Backend::Tch => {
                let precision = configuration.recipe.precision;
                if device == Device::Cpu {
                    prefer_huge_pages(memory::of_run(configuration, device, threads));
                }
                Ok(Self::Torch(Box::new(Torch::new(
                    architecture,
                    state,
                    (&train, &test),
                    device,
                    threads,
                    (precision, configuration.recipe.batch),
                    ways,
                ))))
            }
            #[cfg(not(feature = "tch"))]
            artifacts::Backend::Tch => {
                let _ = (device, ways);
                anyhow::bail!(
                    "engine tch: this trainer was built without libtorch; `./justw setup` brings libtorch, and what \
                     is built after it has this engine"
                )
            }
        }
    }

    /// Trains all updates of an epoch; `None` if `on_update` broke off.
    pub fn train(&mut self, epoch: Epoch<'_>, on_update: &mut OnUpdate<'_>) -> Option<Sums> {
        match self {
            Self::Fused(fused) => fused.train(epoch, on_update),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.train(epoch, on_update),
        }
    }

    /// Times each update of an epoch in seconds; all of them use its first batch.
    pub fn time_updates(&mut self, epoch: Epoch<'_>) -> Vec<f64> {
        match self {
            Self::Fused(fused) => fused.time_updates(epoch),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.time_updates(epoch),
        }
    }

    /// Predicts all test images with the running statistics; `None` if `on_batch` broke off.
    pub fn predict(&mut self, on_batch: &mut OnBatch<'_>) -> Option<Predictions> {
        match self {
            Self::Fused(fused) => fused.predict(on_batch),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.predict(on_batch),
        }
    }

    /// Returns parameters and running statistics under the reference's names.
    #[must_use]
    pub fn model(&self) -> StateDict {
        match self {
            Self::Fused(fused) => fused.model(),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.model(),
        }
    }

    /// Returns everything that [`Engine::new`] needs to continue with the same numbers.
    #[must_use]
    pub fn state(&self) -> StateDict {
        match self {
            Self::Fused(fused) => fused.state(),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.state(),
        }
    }
}
