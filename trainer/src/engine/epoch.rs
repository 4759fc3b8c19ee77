//! What an engine is given for an epoch, and what it gives back.

use crate::data::augment::Draw;
use network::WeightDecay;
use network::schedule::LearningRates;
use std::ops::ControlFlow;

/// Images in an evaluation's batch; it changes no number but the memory needed.
pub(crate) const EVALUATION_BATCH: usize = 1000;

/// An epoch to be trained.
#[derive(Clone, Copy)]
pub struct Epoch<'a> {
    /// Positions of the training images, a batch after the other.
    pub order: &'a [u32],
    /// What happens to each of them.
    pub draws: &'a [Draw],
    /// Images in an update; `order` is whole batches.
    pub batch: usize,
    /// Learning rates, one per update.
    pub rates: &'a [LearningRates],
    /// Weight decay of every update.
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

/// Called after every update with the number done in this epoch and, where reading them does not stall the device, the running sums.
/// Returns whether to continue.
pub type OnUpdate<'a> = dyn FnMut(usize, Option<Sums>) -> ControlFlow<()> + 'a;

/// Called before every batch of an evaluation. Returns whether to continue.
pub type OnBatch<'a> = dyn FnMut() -> ControlFlow<()> + 'a;
