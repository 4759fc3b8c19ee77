//! The rules that a configuration must obey, and the error of one that does not.

use super::Configuration;
use crate::arithmetic::Backend;
use crate::reading::MOST_BYTES;
use network::{Architecture, InvalidArchitecture};
use std::ops::RangeInclusive;

/// The allowed numbers of epochs.
pub const EPOCHS: RangeInclusive<u64> = 1..=100_000;
/// The allowed numbers of images per update.
pub const BATCH: RangeInclusive<u64> = 2..=65_536;

/// A configuration that no run can have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidConfiguration {
    /// A value is outside its range.
    #[error("{key} {value}: {rule}")]
    Value {
        /// The key.
        key: &'static str,
        /// The value that was given.
        value: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The network cannot be built.
    #[error(transparent)]
    Architecture(#[from] InvalidArchitecture),
    /// The arm does not exist.
    #[error(transparent)]
    Arm(#[from] network::UnknownArm),
    /// The declaration of an arm is invalid.
    #[error(transparent)]
    Declaration(#[from] network::arm::InvalidArm),
}

impl InvalidConfiguration {
    pub(crate) fn rule(key: &'static str, value: &impl ToString, rule: &'static str) -> Self {
        Self::Value { key, value: value.to_string(), rule }
    }
}

impl Configuration {
    /// Checks every rule.
    ///
    /// # Errors
    /// The first broken rule, with the key and its value.
    pub fn validated(self) -> Result<Self, InvalidConfiguration> {
        use InvalidConfiguration as E;
        Architecture::new(self.rankscale as i64, self.recipe.channels, self.recipe.dataset.classes())?;
        let images = self.recipe.train_images.unwrap_or(usize::MAX);
        // A checkpoint has the values and the velocities of all parameters in float32, and little else.
        let checkpoint = 8 * self.counts().parameters + (1 << 20);
        let rules = [
            (
                "epochs",
                self.recipe.epochs.to_string(),
                EPOCHS.contains(&(self.recipe.epochs as u64)),
                "must be between 1 and 100000",
            ),
            (
                "batch",
                self.recipe.batch.to_string(),
                BATCH.contains(&(self.recipe.batch as u64)),
                "must be between 2 and 65536",
            ),
            ("train_images", images.to_string(), images >= self.recipe.batch, "must be at least one batch"),
            (
                "test_images",
                self.recipe.test_images.unwrap_or(1).to_string(),
                self.recipe.test_images != Some(0),
                "must be at least 1",
            ),
            (
                "validation_images",
                self.recipe.validation_images.unwrap_or(1).to_string(),
                self.recipe.validation_images != Some(0),
                "must be at least 1",
            ),
            (
                "test_images",
                self.recipe.test_images.unwrap_or(1).to_string(),
                self.recipe.test_images.is_none() || self.recipe.validation_images.is_none(),
                "cannot stand beside validation_images: give one of them",
            ),
            (
                "peak_learning_rate",
                self.recipe.peak_learning_rate.to_string(),
                self.recipe.peak_learning_rate.is_finite() && self.recipe.peak_learning_rate > 0.0,
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
                self.engine == Backend::Tch || self.fits_fused(),
                "trains low-rank networks in float32 only; take tch for others",
            ),
            (
                "channels",
                format!("{:?}", self.recipe.channels),
                checkpoint <= MOST_BYTES,
                "make a network whose checkpoint has more than 1 GiB, which is not read: take fewer, or a higher rankscale",
            ),
            ("seed", self.seed.to_string(), i64::try_from(self.seed).is_ok(), "must be below 2^63"),
        ];
        match rules.into_iter().find(|(_, _, holds, _)| !holds) {
            Some((key, value, _, rule)) => Err(E::rule(key, &value, rule)),
            None => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Recipe;

    #[test]
    fn broken_rules_are_named() {
        let wide = Recipe { channels: [512, 1024, 2048, 4096], ..Recipe::default() };
        let dense =
            Configuration { recipe: wide, rankscale: 0, engine: Backend::Tch, ..Configuration::default() };
        let message = dense.clone().validated().unwrap_err().to_string();
        assert!(message.starts_with("channels [512, 1024, 2048, 4096]: make a network"), "{message}");
        assert!(Configuration { rankscale: 8, ..dense }.validated().is_ok());
        let broken = [
            Configuration { recipe: Recipe { epochs: 0, ..Recipe::default() }, ..Configuration::default() },
            Configuration {
                recipe: Recipe { train_images: Some(100), ..Recipe::default() },
                ..Configuration::default()
            },
            Configuration { lambda: f64::NAN, ..Configuration::default() },
            Configuration { rankscale: 1000, ..Configuration::default() },
            Configuration { rankscale: 0, engine: Backend::Fused, ..Configuration::default() },
            Configuration {
                recipe: Recipe { validation_images: Some(0), ..Recipe::default() },
                ..Configuration::default()
            },
            Configuration {
                recipe: Recipe {
                    validation_images: Some(5000),
                    test_images: Some(5000),
                    ..Recipe::default()
                },
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

    #[test]
    fn whoever_does_what_a_rule_says_has_a_run() {
        let run = Configuration::default();
        let held_out =
            Configuration { recipe: Recipe { validation_images: Some(5000), ..run.recipe }, ..run.clone() };
        let dense = Configuration { rankscale: 0, engine: Backend::Fused, ..run.clone() };
        for (broken, advice, mended) in [
            (
                Configuration {
                    recipe: Recipe { test_images: Some(5000), ..held_out.recipe },
                    ..held_out.clone()
                },
                "give one of them",
                [held_out, Configuration { recipe: Recipe { test_images: Some(5000), ..run.recipe }, ..run }],
            ),
            (
                dense.clone(),
                "take tch for others",
                [
                    Configuration { engine: Backend::Tch, ..dense.clone() },
                    Configuration { rankscale: 1, ..dense },
                ],
            ),
        ] {
            let message = broken.validated().unwrap_err().to_string();
            assert!(message.contains(advice), "{message}");
            for run in mended {
                assert_eq!(run.clone().validated(), Ok(run));
            }
        }
    }
}
