//! One run on the command line.

use crate::cli::numbers::{self, whole};
use artifacts::configuration::{BATCH, EPOCHS, InvalidConfiguration};
use artifacts::dataset::Task;
use artifacts::{Backend, Configuration, Precision, Recipe};
use clap::Args;
use network::{Architecture, Arm};

/// What to run.
#[derive(Debug, Args)]
pub struct Run {
    /// Data set: cifar10 or cifar100, as `just data` prepares them
    #[arg(long, default_value = "cifar10")]
    pub dataset: Task,
    /// Divisor of a layer's output channels that gives its rank; 0 is the dense network
    #[arg(long, allow_negative_numbers = true, value_parser = numbers::rankscale)]
    pub rankscale: i64,
    /// Arm, by its name; the arms are listed below
    #[arg(long, default_value = "original")]
    pub decay: Arm,
    /// Random seed of the initialisation, the order of images and the augmentation
    #[arg(long, allow_negative_numbers = true, default_value_t = 0, value_parser = whole::<u64>(0..=i64::MAX as u64))]
    pub seed: u64,
    /// Number of epochs: passes over the training images
    #[arg(long, allow_negative_numbers = true, default_value_t = 128, value_parser = whole::<usize>(EPOCHS))]
    pub epochs: usize,
    /// Batch size: the number of images per update
    #[arg(long, allow_negative_numbers = true, default_value_t = 512, value_parser = whole::<usize>(BATCH))]
    pub batch: usize,
    /// Learning rate at the start of the cosine schedule, for the mean loss
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.2, value_parser = numbers::positive)]
    pub peak_learning_rate: f64,
    /// Base strength of the weight decay, in units of the mean loss
    #[arg(long, allow_negative_numbers = true, default_value_t = 5e-4, value_parser = numbers::zero_or_positive)]
    pub lambda: f64,
    /// Floating-point format: float32, bf16 or fp16
    #[arg(long, default_value = "float32")]
    pub precision: Precision,
    /// Output channels of prep, layer1, layer2 and layer3
    #[arg(long, value_delimiter = ',', num_args = 1, default_value = "64,128,256,512", value_parser = whole::<usize>(1..=4096))]
    pub channels: Vec<usize>,
    /// Number of training images, a stratified subset [default: all]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>(1..=u64::MAX))]
    pub train_images: Option<usize>,
    /// Number of test images, a stratified subset [default: all]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>(1..=u64::MAX))]
    pub test_images: Option<usize>,
    /// Number of training images to hold out, a stratified subset, and to evaluate on; no test image is read
    /// [default: none]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>(1..=u64::MAX))]
    pub validation_images: Option<usize>,
}

impl Run {
    /// Converts the run to a configuration for libtorch, which can train all of them.
    ///
    /// # Errors
    /// A value breaks a rule.
    pub fn configuration(&self) -> anyhow::Result<Configuration> {
        let channels: [usize; 4] = self.channels.as_slice().try_into().map_err(|_| {
            anyhow::anyhow!("--channels needs four numbers, as in 64,128,256,512; got {:?}", self.channels)
        })?;
        let configuration: Result<_, InvalidConfiguration> = Configuration {
            recipe: Recipe {
                dataset: self.dataset,
                channels,
                epochs: self.epochs,
                batch: self.batch,
                peak_learning_rate: self.peak_learning_rate,
                precision: self.precision,
                train_images: self.train_images,
                test_images: self.test_images,
                validation_images: self.validation_images,
            },
            rankscale: Architecture::new(self.rankscale, channels, self.dataset.classes())?.rankscale,
            decay: self.decay,
            seed: self.seed,
            lambda: self.lambda,
            engine: Backend::Tch,
        }
        .validated();
        Ok(configuration?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        run: Run,
    }

    #[test]
    fn what_is_not_said_is_as_in_the_notebook() {
        let words = Words::try_parse_from(["train", "--rankscale", "8"]).unwrap();
        assert_eq!(words.run.configuration().unwrap(), Configuration::default());
    }

    #[test]
    fn each_word_sets_what_it_names_and_nothing_else() {
        let words = "train --dataset cifar100 --rankscale 4 --decay none --seed 3 --epochs 5 --batch 64 \
                     --peak-learning-rate 0.1 --lambda 0.25 --precision bf16 --channels 4,8,16,32 --train-images 300";
        let said = |more: &str| {
            let words = Words::try_parse_from(words.split_whitespace().chain(more.split(' '))).unwrap();
            words.run.configuration().unwrap()
        };
        let recipe = Recipe {
            dataset: Task::Cifar100,
            channels: [4, 8, 16, 32],
            epochs: 5,
            batch: 64,
            peak_learning_rate: 0.1,
            precision: Precision::Bf16,
            train_images: Some(300),
            test_images: Some(100),
            validation_images: None,
        };
        let decay = "none".parse().unwrap();
        let expected =
            Configuration { recipe, rankscale: 4, decay, seed: 3, lambda: 0.25, engine: Backend::Tch };
        assert_eq!(said("--test-images 100"), expected);
        let recipe = Recipe { test_images: None, validation_images: Some(200), ..expected.recipe };
        assert_eq!(said("--validation-images 200"), Configuration { recipe, ..expected });
    }
}
