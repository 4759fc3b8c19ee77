//! The inputs of an epoch's updates: the order of the images, the draws of their augmentation, learning rates
//! and decay.
//!
//! *Invariant:* they depend only on the configuration and the number of the epoch, so they may be prepared in
//! advance, and again.

use crate::data::augment::Draw;
use crate::data::seeds::{Purpose, generator};
use crate::engine::epoch::Epoch;
use artifacts::{Configuration, Recipe};
use network::WeightDecay;
use network::schedule::LearningRates;
use rand::seq::SliceRandom;

/// The work of one epoch.
#[derive(Debug)]
pub(super) struct Work {
    order: Vec<u32>,
    draws: Vec<Draw>,
    batch: usize,
    rates: Vec<LearningRates>,
    decay: WeightDecay,
}

impl Work {
    /// Draws the work of an epoch, counted from one, on `images` images.
    pub(super) fn of(configuration: &Configuration, images: usize, epoch: usize) -> Self {
        let Configuration { recipe, seed, decay, lambda, .. } = *configuration;
        let Recipe { batch, peak_learning_rate, epochs, .. } = recipe;
        let updates = images / batch;
        let mut order: Vec<u32> = (0..images as u32).collect();
        order.shuffle(&mut generator(seed, Purpose::Shuffle, epoch));
        order.truncate(updates * batch);
        let mut generator = generator(seed, Purpose::Augment, epoch);
        let draws = order.iter().map(|_| Draw::random(&mut generator)).collect();
        let (before, total) = ((epoch - 1) * updates, updates * epochs);
        let rates = (before + 1..=before + updates)
            .map(|update| decay.learning_rates(peak_learning_rate, update, total))
            .collect();
        Self { order, draws, batch, rates, decay: decay.weight_decay(lambda, &configuration.counts(), batch) }
    }

    /// Returns the work in the form that an engine takes.
    pub(super) fn epoch(&self) -> Epoch<'_> {
        let Self { order, draws, rates, .. } = self;
        Epoch { order, draws, batch: self.batch, rates, decay: self.decay }
    }

    /// Returns the learning rate of the factors at the last update.
    pub(super) fn last_rate(&self) -> f64 {
        self.rates.last().expect("an epoch has updates").factors
    }
}
