//! `[recipe]` and `[[grid]]` of an experiment, and the runs that they define.
//!
//! *Invariant:* every run of a grid is a valid configuration.

use super::arms::Arms;
use crate::arithmetic::Precision;
use crate::configuration::{Configuration, InvalidConfiguration, Recipe};
use crate::dataset::Task;
use network::Architecture;
use serde::Deserialize;

/// The largest number of runs of an experiment: lists of a few thousand numbers each would define more than
/// fits into memory.
pub(super) const MOST_RUNS: usize = 100_000;
/// The largest number of replicates of a grid.
const REPLICATES: u64 = 10_000;
/// The distance between the seeds of a rankscale's replicates. No two rankscales share a seed as long as all
/// rankscales are below it.
const STRIDE: u64 = 100;

/// The settings that all runs share, unless their grid overrides them.
#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecipeTable {
    dataset: Option<Task>,
    channels: Option<[usize; 4]>,
    epochs: Option<usize>,
    batch: Option<usize>,
    peak_learning_rate: Option<f64>,
    precision: Option<Precision>,
    train_images: Option<usize>,
    test_images: Option<usize>,
    validation_images: Option<usize>,
}

/// A grid: every combination of its lists is a run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grid {
    rankscale: Vec<i64>,
    decay: Vec<String>,
    seed: Option<Vec<u64>>,
    replicates: Option<u64>,
    lambda: Option<Vec<f64>>,
    peak_learning_rate: Option<Vec<f64>>,
}

impl Grid {
    /// Returns the number of runs that its lists ask for, counting each combination once.
    pub(super) fn asked(&self) -> usize {
        let seeds = self.seed.as_ref().map_or(0, Vec::len).max(self.replicates.unwrap_or(0) as usize);
        let count = |list: &Option<Vec<f64>>| list.as_ref().map_or(1, Vec::len);
        [self.rankscale.len(), self.decay.len(), count(&self.lambda), count(&self.peak_learning_rate)]
            .into_iter()
            .fold(seeds, usize::saturating_mul)
    }

    /// Returns the run of every combination; seeds vary slowest, so that an interrupted sweep has complete
    /// grids of few seeds.
    pub(super) fn resolve(
        &self,
        recipe: &RecipeTable,
        arms: &Arms,
    ) -> Result<Vec<Configuration>, InvalidConfiguration> {
        let base = recipe.over(Recipe::default());
        let lambdas = self.lambda.clone().unwrap_or_else(|| vec![Configuration::default().lambda]);
        let rates = self.peak_learning_rate.clone().unwrap_or_else(|| vec![base.peak_learning_rate]);
        let strengths: Vec<(f64, f64)> =
            rates.iter().flat_map(|&rate| lambdas.iter().map(move |&lambda| (lambda, rate))).collect();
        let mut runs = Vec::new();
        for (offset, factor) in self.seeds()? {
            for &(lambda, peak_learning_rate) in &strengths {
                for &rankscale in &self.rankscale {
                    let rankscale =
                        Architecture::new(rankscale, base.channels, base.dataset.classes())?.rankscale;
                    let seed = offset + factor * rankscale as u64;
                    for decay in &self.decay {
                        let decay = arms.named(decay)?;
                        let recipe = Recipe { peak_learning_rate, ..base };
                        let of = Configuration {
                            recipe,
                            rankscale,
                            decay,
                            seed,
                            lambda,
                            ..Configuration::default()
                        };
                        runs.push(of.validated()?);
                    }
                }
            }
        }
        Ok(runs)
    }

    /// Returns the seeds as pairs (a, b): rankscale r has the seed `a + b r`.
    fn seeds(&self) -> Result<Vec<(u64, u64)>, InvalidConfiguration> {
        let rule = |key, value: &str, rule| Err(InvalidConfiguration::rule(key, &value, rule));
        match (&self.seed, self.replicates) {
            (Some(_), Some(_)) => {
                rule("replicates", "and seed", "give one of them, each says which seeds there are")
            }
            (None, None) => {
                rule("seed", "is missing", "list the seeds, or say how many `replicates` there are")
            }
            (None, Some(count)) if !(1..=REPLICATES).contains(&count) => {
                rule("replicates", &count.to_string(), "must be between 1 and 10000")
            }
            (Some(seeds), None) => Ok(seeds.iter().map(|&seed| (seed, 0)).collect()),
            (None, Some(count)) => Ok((0..count).map(|number| (STRIDE * number, 1)).collect()),
        }
    }
}

impl RecipeTable {
    fn over(&self, base: Recipe) -> Recipe {
        Recipe {
            dataset: self.dataset.unwrap_or(base.dataset),
            channels: self.channels.unwrap_or(base.channels),
            epochs: self.epochs.unwrap_or(base.epochs),
            batch: self.batch.unwrap_or(base.batch),
            peak_learning_rate: self.peak_learning_rate.unwrap_or(base.peak_learning_rate),
            precision: self.precision.unwrap_or(base.precision),
            train_images: self.train_images.or(base.train_images),
            test_images: self.test_images.or(base.test_images),
            validation_images: self.validation_images.or(base.validation_images),
        }
    }
}
