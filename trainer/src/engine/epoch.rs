//! The inputs and outputs of an engine for an epoch.

pub use kernels::Predictions;

use crate::data::augment::Draw;
use network::WeightDecay;
use network::schedule::LearningRates;
use std::ops::ControlFlow;

/// An epoch to be trained.
#[derive(Clone, Copy)]
pub struct Epoch<'a> {
    /// Indices of the training images, one batch after the other.
    pub order: &'a [u32],
    /// The augmentation of each of them.
    pub draws: &'a [Draw],
    /// Images per update; `order` consists of whole batches.
    pub batch: usize,
    /// Learning rates, one per update.
    pub rates: &'a [LearningRates],
    /// Weight decay of every update.
    pub decay: WeightDecay,
}

/// Sums over the updates of an epoch so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// The sum of cross-entropies, in nats.
    pub loss: f64,
    /// Images whose largest logit was that of their label.
    pub correct: u64,
}

/// Called after every update with the number done in this epoch and, where reading them does not stall the
/// device, the running sums. Returns whether to continue.
pub type OnUpdate<'a> = dyn FnMut(usize, Option<Sums>) -> ControlFlow<()> + 'a;

/// Called before every batch of an evaluation. Returns whether to continue.
pub type OnBatch<'a> = dyn FnMut() -> ControlFlow<()> + 'a;
