//! What runs must share to be compared, and the form of a configuration in files.

use crate::arithmetic::{Backend, Precision};
use crate::dataset::Task;
use crate::stamp;
use network::{Arm, FULL_CHANNELS};
use serde::{Deserialize, Serialize};

/// What runs must share to be compared: everything that can change their numbers, but for rankscale, arm,
/// seed, lambda and engine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// The classification task.
    pub dataset: Task,
    /// Channels after `prep`, `layer1`, `layer2` and `layer3`.
    pub channels: [usize; 4],
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in an update; the last partial batch of an epoch is dropped.
    pub batch: usize,
    /// Learning rate at the start of the cosine, for the mean loss.
    pub peak_learning_rate: f64,
    /// Arithmetic of the convolutions.
    pub precision: Precision,
    /// Size of a stratified subset of the training images; none for all of them.
    pub train_images: Option<usize>,
    /// Size of a stratified subset of the test images; none for all of them.
    pub test_images: Option<usize>,
    /// Size of the stratified part of the training images that is held out and judges the run in place of the
    /// test images, of which none is then read; none where the test images judge.
    pub validation_images: Option<usize>,
}

impl Default for Recipe {
    /// The notebook's.
    fn default() -> Self {
        Self {
            dataset: Task::Cifar10,
            channels: FULL_CHANNELS,
            epochs: 128,
            batch: 512,
            peak_learning_rate: 0.2,
            precision: Precision::Float32,
            train_images: None,
            test_images: None,
            validation_images: None,
        }
    }
}

impl Recipe {
    /// Returns the number of images that judge a run; none for all of the test images.
    #[must_use]
    pub fn judged_by(&self) -> Option<usize> {
        self.validation_images.or(self.test_images)
    }

    /// Returns whether test images judge a run, and not training images that are held out.
    #[must_use]
    pub const fn is_judged_by_test(&self) -> bool {
        self.validation_images.is_none()
    }

    /// Returns the name of the images that judge a run: `test` or `held-out`.
    #[must_use]
    pub const fn judged_by_what(&self) -> &'static str {
        if self.is_judged_by_test() { "test" } else { "held-out" }
    }

    /// Returns the hash of the recipe and the data's fingerprint: 8 hex digits.
    #[must_use]
    pub fn hash(self, data_fingerprint: &str) -> String {
        let shared = Flat::of(self, 0, Arm::ORIGINAL, 0, 0.0, Backend::Tch);
        digest(&(shared, data_fingerprint))[..8].to_owned()
    }
}

/// A configuration in `run.json`, plans and summaries: one flat object.
///
/// *Invariant:* identities and recipe hashes are digests of this form, so the order, the names and the
/// defaults of its fields are fixed.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Configuration", deny_unknown_fields)]
pub(super) struct Flat {
    /// Runs of CIFAR-10 have the identity that they would have without this key.
    #[serde(default, skip_serializing_if = "Task::is_the_notebooks")]
    dataset: Task,
    pub(super) rankscale: usize,
    channels: [usize; 4],
    pub(super) decay: Arm,
    pub(super) seed: u64,
    epochs: usize,
    batch: usize,
    peak_learning_rate: f64,
    pub(super) lambda: f64,
    precision: Precision,
    pub(super) engine: Backend,
    train_images: Option<usize>,
    test_images: Option<usize>,
    /// Runs from before this key have the identity that they would have without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validation_images: Option<usize>,
}

impl Flat {
    pub(super) fn of(
        recipe: Recipe,
        rankscale: usize,
        decay: Arm,
        seed: u64,
        lambda: f64,
        engine: Backend,
    ) -> Self {
        Self {
            dataset: recipe.dataset,
            rankscale,
            channels: recipe.channels,
            decay,
            seed,
            epochs: recipe.epochs,
            batch: recipe.batch,
            peak_learning_rate: recipe.peak_learning_rate,
            lambda,
            precision: recipe.precision,
            engine,
            train_images: recipe.train_images,
            test_images: recipe.test_images,
            validation_images: recipe.validation_images,
        }
    }

    pub(super) fn recipe(&self) -> Recipe {
        Recipe {
            dataset: self.dataset,
            channels: self.channels,
            epochs: self.epochs,
            batch: self.batch,
            peak_learning_rate: self.peak_learning_rate,
            precision: self.precision,
            train_images: self.train_images,
            test_images: self.test_images,
            validation_images: self.validation_images,
        }
    }
}

/// SHA-256 of a value's JSON form, in hexadecimal.
pub(super) fn digest(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value).expect("plain values have a JSON form");
    stamp::sha256(&json)
}
