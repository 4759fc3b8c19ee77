//! The configuration of a run: everything that can change its numbers, and the name that follows from it.
//!
//! *Invariant:* two runs with the same [`Configuration`] on the same data have the same identity; one
//! differing bit gives another. Devices and thread counts are provenance, not identity. The engine is part of
//! the identity: two engines round differently, and a resumed run must continue as it began.

mod rules;

pub use rules::{BATCH, EPOCHS, InvalidConfiguration};

use crate::arithmetic::{Engine, Precision};
use crate::dataset::Task;
use network::{Architecture, Arm, Counts, FULL_CHANNELS, Filter};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Everything that can change a run's numbers, except the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The data set. Runs of CIFAR-10 have the name that they would have without this key.
    #[serde(default, skip_serializing_if = "Task::is_the_notebooks")]
    pub dataset: Task,
    /// The divisor that turns channels into ranks; 0 is the dense network.
    pub rankscale: usize,
    /// Channels after `prep`, `layer1`, `layer2` and `layer3`.
    pub channels: [usize; 4],
    /// The arm.
    pub decay: Arm,
    /// The seed of initialisation, order and augmentation.
    pub seed: u64,
    /// The number of passes over the training images.
    pub epochs: usize,
    /// Images per update; the last partial batch of an epoch is dropped.
    pub batch: usize,
    /// Learning rate at the start of the cosine, for the mean loss.
    pub peak_learning_rate: f64,
    /// Base strength of weight decay, in mean-loss units.
    pub lambda: f64,
    /// The precision of the arithmetic.
    pub precision: Precision,
    /// The engine that trains the run.
    pub engine: Engine,
    /// Size of a stratified subset of the training images; `None` for all of them.
    pub train_images: Option<usize>,
    /// Size of a stratified subset of the test images; `None` for all of them.
    pub test_images: Option<usize>,
    /// Size of the stratified part of the training images that is held out for evaluation in place of the
    /// test images, of which none is then read; `None` if the test images are used. Runs from before this key
    /// have the name that they would have without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_images: Option<usize>,
}

impl Default for Configuration {
    /// Returns the notebook's recipe, at rankscale 8.
    fn default() -> Self {
        Self {
            dataset: Task::Cifar10,
            rankscale: 8,
            channels: FULL_CHANNELS,
            decay: Arm::ORIGINAL,
            seed: 0,
            epochs: 128,
            batch: 512,
            peak_learning_rate: 0.2,
            lambda: 5e-4,
            precision: Precision::Float32,
            engine: Engine::Tch,
            train_images: None,
            test_images: None,
            validation_images: None,
        }
    }
}

impl Configuration {
    /// Returns the same run on the fused engine if that is asked for and can train it, otherwise on libtorch.
    #[must_use]
    pub fn on(self, engine: Engine) -> Self {
        Self { engine: if self.fits_fused() { engine } else { Engine::Tch }, ..self }
    }

    /// Returns whether the fused engine supports this network and this precision.
    fn fits_fused(&self) -> bool {
        // The first block sees the image and is dense in every network.
        let low_rank = self.architecture().blocks()[1..].iter().all(|block| block.filter != Filter::Dense);
        low_rank && self.precision == Precision::Float32
    }

    /// Returns the network.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        Architecture { rankscale: self.rankscale, channels: self.channels, classes: self.dataset.classes() }
    }

    /// Returns the number of images of the evaluation; `None` for all of the test images.
    #[must_use]
    pub fn judged_by(&self) -> Option<usize> {
        self.validation_images.or(self.test_images)
    }

    /// Returns the kind of images of the evaluation, in a word: `test` or `held-out`.
    #[must_use]
    pub fn judged_by_what(&self) -> &'static str {
        if self.validation_images.is_some() { "held-out" } else { "test" }
    }

    /// Returns the network's counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(&self.architecture())
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

    /// Returns the hash of the settings that comparable runs share: all but rankscale, arm, seed, lambda and
    /// engine. 8 hex digits.
    #[must_use]
    pub fn recipe(&self, data_fingerprint: &str) -> String {
        let shared = Self {
            rankscale: 0,
            decay: Arm::ORIGINAL,
            seed: 0,
            lambda: 0.0,
            engine: Engine::Tch,
            ..self.clone()
        };
        digest(&(shared, data_fingerprint))[..8].to_owned()
    }
}

fn digest(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value).expect("plain values have a JSON form");
    hex::encode(Sha256::digest(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_changes_with_every_key_and_with_the_data() {
        let base = Configuration::default();
        let mut identities = vec![base.identity("data"), base.identity("other data")];
        let changes: [fn(&mut Configuration); 14] = [
            |c| c.dataset = Task::Cifar100,
            |c| c.rankscale = 9,
            |c| c.channels = [64, 128, 256, 511],
            |c| c.decay = Arm::APPROPRIATE,
            |c| c.seed = 1,
            |c| c.epochs = 127,
            |c| c.batch = 256,
            |c| c.peak_learning_rate = 0.1,
            |c| c.lambda = 1e-3,
            |c| c.precision = Precision::Bf16,
            |c| c.engine = Engine::Fused,
            |c| c.train_images = Some(5000),
            |c| c.test_images = Some(5000),
            |c| c.validation_images = Some(5000),
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
        let run = Configuration { rankscale: 31, seed: 31, ..Configuration::default() }.on(Engine::Fused);
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
        assert_eq!(base.recipe("data"), other.recipe("data"));
        assert_ne!(base.recipe("data"), Configuration { epochs: 1, ..base }.recipe("data"));
    }
}
