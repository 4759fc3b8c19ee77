//! The configuration of a run: everything that can change its numbers, and the name that follows from it.
//!
//! *Invariant:* two runs with the same [`Configuration`] on the same data have the same identity; one
//! differing bit gives another. Devices and thread counts are provenance, not identity. The engine is part of
//! the identity: two engines round differently, and a resumed run must continue as it began.

mod recipe;
mod rules;

pub use recipe::Recipe;
pub use rules::{BATCH, EPOCHS, InvalidConfiguration};

use crate::arithmetic::{Backend, Precision};
use crate::exact::Exact;
use network::{Architecture, Arm, Counts, Filter};
use recipe::{Flat, digest};
use serde::{Deserialize, Serialize};

/// Everything that can change a run's numbers, but for the data. In files it is one flat object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Flat", into = "Flat")]
pub struct Configuration {
    /// What it shares with the runs that it is compared with.
    pub recipe: Recipe,
    /// The divisor that turns channels into ranks; 0 is the dense network.
    pub rankscale: usize,
    /// The arm.
    pub decay: Arm,
    /// Seed of initialisation, order and augmentation.
    pub seed: u64,
    /// Base strength of weight decay, in mean-loss units.
    pub lambda: f64,
    /// The engine that trains it.
    pub engine: Backend,
}

impl Default for Configuration {
    /// Returns the notebook's recipe, at rankscale 8.
    fn default() -> Self {
        Self {
            recipe: Recipe::default(),
            rankscale: 8,
            decay: Arm::ORIGINAL,
            seed: 0,
            lambda: 5e-4,
            engine: Backend::Tch,
        }
    }
}

impl Configuration {
    /// Returns the same run on the fused engine if that is asked for and can train it, otherwise on libtorch.
    #[must_use]
    pub fn on(self, engine: Backend) -> Self {
        Self { engine: if self.fits_fused() { engine } else { Backend::Tch }, ..self }
    }

    /// Returns whether the fused engine supports this network and this precision.
    fn fits_fused(&self) -> bool {
        // The first block sees the image and is dense in every network.
        let low_rank = self.architecture().blocks()[1..].iter().all(|block| block.filter != Filter::Dense);
        low_rank && self.recipe.precision == Precision::Float32
    }

    /// Returns the network.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        Architecture {
            rankscale: self.rankscale,
            channels: self.recipe.channels,
            classes: self.recipe.dataset.classes(),
        }
    }

    /// Returns the network's counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(&self.architecture())
    }

    /// Returns the λ and the peak learning rate, in which the arms of a tuned experiment may differ.
    #[must_use]
    pub fn strength(&self) -> [Exact; 2] {
        [self.lambda, self.recipe.peak_learning_rate].map(Exact::of)
    }

    /// Returns the hash of everything that can change the run's numbers, including the data's fingerprint: 64
    /// hex digits.
    #[must_use]
    pub fn identity(&self, data_fingerprint: &str) -> String {
        digest(&(self, data_fingerprint))
    }

    /// Returns the name of the run's folder, for example `r08-appropriate-s0-3f9c1a2b`.
    #[must_use]
    pub fn run_name(&self, data_fingerprint: &str) -> String {
        let identity = self.identity(data_fingerprint);
        format!("r{:02}-{}-s{}-{}", self.rankscale, self.decay, self.seed, &identity[..8])
    }
}

impl From<Configuration> for Flat {
    fn from(run: Configuration) -> Self {
        Self::of(run.recipe, run.rankscale, run.decay, run.seed, run.lambda, run.engine)
    }
}

impl From<Flat> for Configuration {
    fn from(flat: Flat) -> Self {
        let recipe = flat.recipe();
        let Flat { rankscale, decay, seed, lambda, engine, .. } = flat;
        Self { recipe, rankscale, decay, seed, lambda, engine }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Task;

    #[test]
    fn the_identity_changes_with_every_key_and_with_the_data() {
        let base = Configuration::default();
        let mut identities = vec![base.identity("data"), base.identity("other data")];
        let changes: [fn(&mut Configuration); 14] = [
            |c| c.recipe.dataset = Task::Cifar100,
            |c| c.rankscale = 9,
            |c| c.recipe.channels = [64, 128, 256, 511],
            |c| c.decay = Arm::APPROPRIATE,
            |c| c.seed = 1,
            |c| c.recipe.epochs = 127,
            |c| c.recipe.batch = 256,
            |c| c.recipe.peak_learning_rate = 0.1,
            |c| c.lambda = 1e-3,
            |c| c.recipe.precision = Precision::Bf16,
            |c| c.engine = Backend::Fused,
            |c| c.recipe.train_images = Some(5000),
            |c| c.recipe.test_images = Some(5000),
            |c| c.recipe.validation_images = Some(5000),
        ];
        for change in changes {
            let mut changed = base.clone();
            change(&mut changed);
            identities.push(changed.identity("data"));
        }
        let count = identities.len();
        identities.sort();
        identities.dedup();
        assert_eq!(identities.len(), count);
    }

    #[test]
    fn names_of_runs_that_hold_nothing_out_are_as_they_were() {
        let run = Configuration { rankscale: 31, seed: 31, ..Configuration::default() }.on(Backend::Fused);
        let images = Task::Cifar10.fingerprints().unwrap();
        assert_eq!(run.run_name(&images), "r31-original-s31-2c5aaa9b");
        let scaled = Configuration { decay: Arm::APPROPRIATE, ..run };
        assert_eq!(scaled.run_name(&images), "r31-appropriate-s31-2bd04f79");
    }

    #[test]
    fn a_name_can_be_read_and_a_recipe_is_shared_across_arms() {
        let base = Configuration { decay: Arm::APPROPRIATE, ..Configuration::default() };
        assert!(base.run_name("data").starts_with("r08-appropriate-s0-"));
        let other = Configuration { seed: 3, rankscale: 2, decay: Arm::NO_DECAY, ..base.clone() };
        assert_eq!(base.recipe.hash("data"), other.recipe.hash("data"));
        assert_ne!(
            base.recipe.hash("data"),
            Configuration { recipe: Recipe { epochs: 1, ..base.recipe }, ..base }.recipe.hash("data")
        );
    }
}
