//! What trains a run: one description of the network, two engines.
//!
//! *Invariant:* an engine sees images, draws, rates and decays, and gives sums, predictions and weights; what an epoch is,
//! what is saved and when, is the session's.

pub mod fused;
#[cfg(feature = "tch")]
pub mod torch;

use crate::data::augment::Draw;
use crate::data::images::Images;
use crate::data::state_dict::Arrays;
use crate::engine::fused::Fused;
#[cfg(feature = "tch")]
use crate::engine::torch::Torch;
use crate::machine::device::Device;
#[cfg(feature = "tch")]
use crate::machine::memory;
use artifacts::Configuration;
use network::schedule::LearningRates;
use network::{Block, Filter, WeightDecay};

/// Images in an evaluation's batch; it changes no number but the memory needed.
pub(crate) const EVALUATION_BATCH: usize = 1000;

/// Share of a block's output channels that its rank must stay below for batch norm through the bottleneck to pay in libtorch. Measured
/// on a CPU at full width: at rankscales 8 to 31 it is up to a quarter faster, at 4 the same, at 3 and 2 a quarter slower. It always
/// saves memory.
pub(crate) const BOTTLENECK_PAYS_BELOW: f64 = 0.2;

/// Whether libtorch computes a block's batch norm through its bottleneck: if its rank is below this share of its output
/// channels. A dense block has no bottleneck.
pub(crate) fn has_bottleneck_below(block: &Block, share: f64) -> bool {
    matches!(block.filter, Filter::LowRank { rank } if (rank as f64) < share * block.c_out as f64)
}

/// An epoch to be trained.
#[derive(Clone, Copy)]
pub struct Epoch<'a> {
    /// Positions of the training images, a batch after the other.
    pub order: &'a [u32],
    /// What happens to each of them.
    pub draws: &'a [Draw],
    /// Images in an update; `order` is whole batches.
    pub batch: usize,
    /// Of each of the epoch's updates.
    pub rates: &'a [LearningRates],
    /// Of all of them.
    pub decay: WeightDecay,
}

/// Sums over the updates of an epoch so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// Of cross-entropies, in nats.
    pub loss: f64,
    /// Images whose largest logit was their label's.
    pub correct: u64,
}

/// What the network says of some images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Predictions {
    /// The class with the largest logit.
    pub classes: Vec<u8>,
    /// Cross-entropy with the label, in nats.
    pub losses: Vec<f32>,
}

/// Told after each update how many of the epoch's are done, and the sums where reading them makes nobody wait; says whether
/// to go on.
pub type Watch<'a> = dyn FnMut(usize, Option<Sums>) -> bool + 'a;

/// A network, its momentum and its images, on one of the two engines.
#[derive(Debug)]
pub enum Engine<'a> {
    /// Our own kernels.
    Fused(Box<Fused<'a>>),
    /// libtorch.
    #[cfg(feature = "tch")]
    Torch(Torch),
}

impl<'a> Engine<'a> {
    /// Takes up parameters, running statistics and, where it is there, momentum (`velocity.*`), and the images of a run.
    ///
    /// # Errors
    /// A run for libtorch in a program without it; no threads to be had.
    pub fn new(
        configuration: &Configuration,
        state: &Arrays,
        (train, test): (Images<'a>, Images<'a>),
        device: Device,
        threads: usize,
    ) -> anyhow::Result<Self> {
        let architecture = configuration.architecture();
        match configuration.engine {
            artifacts::Engine::Fused => {
                Ok(Self::Fused(Box::new(Fused::new(architecture, state, (train, test), threads)?)))
            }
            #[cfg(feature = "tch")]
            artifacts::Engine::Tch => {
                let precision = configuration.precision;
                if device == Device::Cpu {
                    memory::prefer_huge_pages(memory::of_run(configuration, threads));
                }
                Ok(Self::Torch(Torch::new(architecture, state, (&train, &test), device, threads, precision)))
            }
            #[cfg(not(feature = "tch"))]
            artifacts::Engine::Tch => {
                let _ = device;
                anyhow::bail!(
                    "engine tch: this trainer was built without libtorch; `./justw setup` brings libtorch, and what \
                     is built after it has this engine"
                )
            }
        }
    }

    /// All updates of an epoch; none where the watch said stop.
    pub fn train(&mut self, epoch: Epoch<'_>, watch: &mut Watch<'_>) -> Option<Sums> {
        match self {
            Self::Fused(fused) => fused.train(epoch, watch),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.train(epoch, watch),
        }
    }

    /// Seconds of each of an epoch's updates, all of them on its first batch and on nothing else.
    pub fn time_updates(&mut self, epoch: Epoch<'_>) -> Vec<f64> {
        match self {
            Self::Fused(fused) => fused.time_updates(epoch),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.time_updates(epoch),
        }
    }

    /// Predictions for all test images, by the running statistics.
    pub fn predict(&mut self) -> Predictions {
        match self {
            Self::Fused(fused) => fused.predict(),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.predict(),
        }
    }

    /// Parameters and running statistics under the reference's names.
    #[must_use]
    pub fn model(&self) -> Arrays {
        match self {
            Self::Fused(fused) => fused.model(),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.model(),
        }
    }

    /// All that [`Engine::new`] needs to go on with the same numbers.
    #[must_use]
    pub fn state(&self) -> Arrays {
        match self {
            Self::Fused(fused) => fused.state(),
            #[cfg(feature = "tch")]
            Self::Torch(torch) => torch.state(),
        }
    }
}
