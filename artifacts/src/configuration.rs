//! What a run is: everything that can change its numbers, and the name that follows from it.
//!
//! *Invariant:* two runs with the same [`Configuration`] on the same data have the same identity; one
//! differing bit gives another. Devices and thread counts are provenance, not identity. The engine is part of it:
//! two engines round differently, and a run that is taken up must go on as it began.

use crate::arithmetic::{Engine, Precision};
use network::{Architecture, Arm, Counts, FULL_CHANNELS, Filter, InvalidArchitecture};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;

/// How many epochs a run may have.
pub const EPOCHS: RangeInclusive<u64> = 1..=100_000;
/// How many images an update may have.
pub const BATCH: RangeInclusive<u64> = 2..=65_536;

/// A configuration that no run can have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidConfiguration {
    /// A value outside its range.
    #[error("{key} {value}: {rule}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What it must be.
        rule: &'static str,
    },
    /// A network that cannot be built.
    #[error(transparent)]
    Architecture(#[from] InvalidArchitecture),
    /// An arm that does not exist.
    #[error(transparent)]
    Arm(#[from] network::UnknownArm),
}

impl InvalidConfiguration {
    pub(crate) fn rule(key: &'static str, value: &impl ToString, rule: &'static str) -> Self {
        Self::Value { key, value: value.to_string(), rule }
    }
}

/// Everything that can change a run's numbers, but for the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Divisor that makes ranks out of channels; 0 is the dense network.
    pub rankscale: usize,
    /// Channels after `prep`, `layer1`, `layer2` and `layer3`.
    pub channels: [usize; 4],
    /// The arm.
    pub decay: Arm,
    /// Seeds initialisation, order and augmentation.
    pub seed: u64,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in an update; the last partial batch of an epoch is dropped.
    pub batch: usize,
    /// Learning rate at the start of the cosine, for the mean loss.
    pub peak_learning_rate: f64,
    /// Base strength of weight decay, in mean-loss units.
    pub lambda: f64,
    /// Arithmetic.
    pub precision: Precision,
    /// What trains it.
    pub engine: Engine,
    /// Size of a stratified subset of the training images; none for all of them.
    pub train_images: Option<usize>,
    /// Size of a stratified subset of the test images; none for all of them.
    pub test_images: Option<usize>,
    /// Size of the stratified part of the training images that is held out, and judged in place of the test images, of which none is then
    /// read; none where the test images judge. Runs from before this key have the name they would have without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_images: Option<usize>,
}

impl Default for Configuration {
    /// The notebook's recipe, at rankscale 8.
    fn default() -> Self {
        Self {
            rankscale: 8,
            channels: FULL_CHANNELS,
            decay: Arm::Original,
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
    /// Checks every rule.
    ///
    /// # Errors
    /// The first rule that is broken, with the key and its value.
    pub fn validated(self) -> Result<Self, InvalidConfiguration> {
        use InvalidConfiguration as E;
        Architecture::new(self.rankscale as i64, self.channels)?;
        let images = self.train_images.unwrap_or(usize::MAX);
        let rules = [
            (
                "epochs",
                self.epochs.to_string(),
                EPOCHS.contains(&(self.epochs as u64)),
                "must be between 1 and 100000",
            ),
            (
                "batch",
                self.batch.to_string(),
                BATCH.contains(&(self.batch as u64)),
                "must be between 2 and 65536",
            ),
            ("train_images", images.to_string(), images >= self.batch, "must be at least one batch"),
            (
                "test_images",
                self.test_images.unwrap_or(1).to_string(),
                self.test_images != Some(0),
                "must be at least 1",
            ),
            (
                "validation_images",
                self.validation_images.unwrap_or(1).to_string(),
                self.validation_images != Some(0),
                "must be at least 1",
            ),
            (
                "test_images",
                self.test_images.unwrap_or(1).to_string(),
                self.test_images.is_none() || self.validation_images.is_none(),
                "cannot be judged by beside validation_images: give one of them",
            ),
            (
                "peak_learning_rate",
                self.peak_learning_rate.to_string(),
                self.peak_learning_rate.is_finite() && self.peak_learning_rate > 0.0,
                "must be a positive number",
            ),
            (
                "lambda",
                self.lambda.to_string(),
                self.lambda.is_finite() && self.lambda >= 0.0,
                "must be zero or a positive number",
            ),
            (
                "engine",
                self.engine.to_string(),
                self.engine == Engine::Tch || self.fits_fused(),
                "trains low-rank networks in float32 only; take tch for others",
            ),
            ("seed", self.seed.to_string(), i64::try_from(self.seed).is_ok(), "must be below 2^63"),
        ];
        match rules.into_iter().find(|(_, _, holds, _)| !holds) {
            Some((key, value, _, rule)) => Err(E::rule(key, &value, rule)),
            None => Ok(self),
        }
    }

    /// The same run on the fused engine if that can train it, else on libtorch.
    #[must_use]
    pub fn on(self, engine: Engine) -> Self {
        Self { engine: if self.fits_fused() { engine } else { Engine::Tch }, ..self }
    }

    /// Whether the fused engine knows this network and this arithmetic.
    fn fits_fused(&self) -> bool {
        // The first block sees the image and is dense in every network.
        let low_rank = self.architecture().blocks()[1..].iter().all(|block| block.filter != Filter::Dense);
        low_rank && self.precision == Precision::Float32
    }

    /// The network.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        Architecture { rankscale: self.rankscale, channels: self.channels }
    }

    /// By how many images it is judged; none for all of the test images.
    #[must_use]
    pub fn judged_by(&self) -> Option<usize> {
        self.validation_images.or(self.test_images)
    }

    /// What its accuracy is of, in a word: `test` or `held-out` images.
    #[must_use]
    pub fn judged_by_what(&self) -> &'static str {
        if self.validation_images.is_some() { "held-out" } else { "test" }
    }

    /// The network's counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(&self.architecture())
    }

    /// Hash of everything that can change the run's numbers, the data's fingerprint included: 64 hex digits.
    #[must_use]
    pub fn identity(&self, data_fingerprint: &str) -> String {
        digest(&(self, data_fingerprint))
    }

    /// The folder's name, for example `r08-appropriate-s0-3f9c1a2b`.
    #[must_use]
    pub fn run_name(&self, data_fingerprint: &str) -> String {
        let identity = self.identity(data_fingerprint);
        format!("r{:02}-{}-s{}-{}", self.rankscale, self.decay, self.seed, &identity[..8])
    }

    /// Hash of what runs must share to be compared: all but rankscale, arm, seed, lambda and engine. 8 hex digits.
    #[must_use]
    pub fn recipe(&self, data_fingerprint: &str) -> String {
        let shared = Self {
            rankscale: 0,
            decay: Arm::Original,
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
        let changes: [fn(&mut Configuration); 13] = [
            |c| c.rankscale = 9,
            |c| c.channels = [64, 128, 256, 511],
            |c| c.decay = Arm::Appropriate,
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
        let images = crate::dataset::Split::ALL.map(crate::dataset::Split::cifar10_fingerprint).join(":");
        assert_eq!(run.run_name(&images), "r31-original-s31-2c5aaa9b");
        let scaled = Configuration { decay: Arm::Appropriate, ..run };
        assert_eq!(scaled.run_name(&images), "r31-appropriate-s31-2bd04f79");
    }

    #[test]
    fn a_name_can_be_read_and_a_recipe_is_shared_across_arms() {
        let base = Configuration { decay: Arm::Appropriate, ..Configuration::default() };
        assert!(base.run_name("data").starts_with("r08-appropriate-s0-"));
        let other = Configuration { seed: 3, rankscale: 2, decay: Arm::None, ..base.clone() };
        assert_eq!(base.recipe("data"), other.recipe("data"));
        assert_ne!(base.recipe("data"), Configuration { epochs: 1, ..base }.recipe("data"));
    }

    #[test]
    fn broken_rules_are_named() {
        let broken = [
            Configuration { epochs: 0, ..Configuration::default() },
            Configuration { train_images: Some(100), ..Configuration::default() },
            Configuration { lambda: f64::NAN, ..Configuration::default() },
            Configuration { rankscale: 1000, ..Configuration::default() },
            Configuration { rankscale: 0, engine: Engine::Fused, ..Configuration::default() },
            Configuration { validation_images: Some(0), ..Configuration::default() },
            Configuration {
                validation_images: Some(5000),
                test_images: Some(5000),
                ..Configuration::default()
            },
        ];
        let keys = [
            "epochs",
            "train_images",
            "lambda",
            "rankscale",
            "engine fused",
            "validation_images 0",
            "test_images 5000",
        ];
        for (configuration, key) in broken.into_iter().zip(keys) {
            let message = configuration.validated().unwrap_err().to_string();
            assert!(message.contains(key), "{message}");
        }
    }
}
