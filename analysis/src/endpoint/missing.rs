//! What is missing: from the runs of an endpoint, for an answer to the question as it was asked.
//!
//! *Invariant:* an obstacle stands in the way of any verdict; a caveat does not. Each is a sentence that names numbers.

use crate::endpoint::verdict::{MINIMUM_EPOCHS, MINIMUM_PAIRS, MINIMUM_SEEDS, WANTED_SEEDS};
use crate::stats::strata::Strata;
use artifacts::Configuration;
use artifacts::dataset::Split;
use artifacts::study::Endpoint;

/// Images of CIFAR-10 to learn from.
const TRAIN_IMAGES: usize = 50_000;
/// Images of CIFAR-10 to be judged by.
pub(crate) const TEST_IMAGES: usize = 10_000;
/// Runs named one by one before the rest is only counted.
const NAMED_RUNS: usize = 4;

/// What is missing for a verdict, and what only weakens it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Reasons why no verdict can be given.
    pub obstacles: Vec<String>,
    /// What a reader of the verdict must know.
    pub caveats: Vec<String>,
}

impl Missing {
    /// What the recipe lacks. `fingerprint` is that of the images.
    #[must_use]
    pub fn from_recipe(recipe: &Configuration, fingerprint: &str) -> Self {
        let mut missing = Self::default();
        if recipe.epochs < MINIMUM_EPOCHS {
            missing.obstacles.push(format!("trained for {} of {MINIMUM_EPOCHS} epochs", recipe.epochs));
        }
        if let Some(images) = recipe.train_images.filter(|images| *images < TRAIN_IMAGES) {
            missing.obstacles.push(format!("trained on {images} of {TRAIN_IMAGES} images"));
        }
        if let Some(images) = recipe.test_images.filter(|images| *images < TEST_IMAGES) {
            missing.obstacles.push(format!("tested on {images} of {TEST_IMAGES} images"));
        }
        if recipe.channels != network::FULL_CHANNELS {
            let listed = |channels: [usize; 4]| channels.map(|c| c.to_string()).join("-");
            let (found, asked) = (listed(recipe.channels), listed(network::FULL_CHANNELS));
            missing.obstacles.push(format!("networks of {found} channels, not {asked}"));
        }
        if fingerprint.starts_with("imported:") {
            missing
                .caveats
                .push("imported: only the last epoch of every run is known, and not on which images".into());
        } else if fingerprint != Split::ALL.map(Split::cifar10_fingerprint).join(":") {
            missing.caveats.push("the images are not CIFAR-10 as its authors published it".into());
        }
        missing
    }

    /// Adds what the pairs lack, and the runs that should be there and are not, each with what became of it.
    #[must_use]
    pub fn with_runs(mut self, strata: Option<&Strata>, unfinished: &[String]) -> Self {
        if !unfinished.is_empty() {
            let named = unfinished.iter().take(NAMED_RUNS).cloned().collect::<Vec<_>>().join(", ");
            let rest = unfinished.len().saturating_sub(NAMED_RUNS);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            self.obstacles.push(format!("{} not done: {named}{more}", count(unfinished.len(), "run")));
        }
        let seeds = strata.map_or(0, Strata::fewest);
        if seeds < MINIMUM_SEEDS {
            let found = count(seeds, "paired seed");
            self.obstacles.push(format!(
                "{found} at a rankscale: an interval needs {MINIMUM_SEEDS}, a sound one {WANTED_SEEDS}"
            ));
        } else if seeds < WANTED_SEEDS {
            self.caveats.push(format!("{seeds} seeds at a rankscale; {WANTED_SEEDS} would be sounder"));
        }
        let pairs = strata.map_or(0, Strata::pairs);
        if seeds >= MINIMUM_SEEDS && pairs < MINIMUM_PAIRS {
            self.obstacles
                .push(format!("{} in all: an interval needs {MINIMUM_PAIRS}", count(pairs, "pair")));
        }
        self
    }

    /// All of it, as [`Endpoint::missing`] has it.
    #[must_use]
    pub fn lines(self) -> Vec<String> {
        self.obstacles.into_iter().chain(self.caveats).collect()
    }
}

/// Whether there are enough pairs for an interval.
#[must_use]
pub fn allows_interval(strata: &Strata) -> bool {
    strata.fewest() >= MINIMUM_SEEDS && strata.pairs() >= MINIMUM_PAIRS
}

/// A headline in one sentence that claims no more than the endpoint does.
#[must_use]
pub fn headline(endpoint: &Endpoint) -> String {
    use artifacts::study::Verdict as V;
    let Endpoint { decay, baseline, .. } = endpoint;
    let says = match endpoint.verdict {
        V::Better => format!("`{decay}` is better than `{baseline}`"),
        V::Worse => format!("`{decay}` is worse than `{baseline}`"),
        V::NoMeaningfulDifference => format!("`{decay}` makes no meaningful difference to `{baseline}`"),
        V::NotEnoughEvidence => format!("not enough evidence on `{decay}` against `{baseline}`"),
    };
    let points = |fraction: f64| format!("{:+.2}", fraction * 100.0);
    let difference = match (endpoint.difference, endpoint.interval) {
        (None, _) => "no pair of runs is done".to_owned(),
        (Some(d), None) => format!("{} points over {}", points(d), count(endpoint.pairs as usize, "pair")),
        (Some(d), Some(i)) => format!(
            "{} points, {} % interval {} to {}, {}",
            points(d),
            i.level * 100.0,
            points(i.low),
            points(i.high),
            count(endpoint.pairs as usize, "pair"),
        ),
    };
    let missing = match endpoint.missing.first() {
        Some(first) if endpoint.verdict == V::NotEnoughEvidence => format!("; {first}"),
        _ => String::new(),
    };
    format!("{says}: {difference}{missing}.")
}

/// `1 run`, `2 runs`.
#[must_use]
pub fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cifar10() -> String {
        Split::ALL.map(Split::cifar10_fingerprint).join(":")
    }

    #[test]
    fn the_notebooks_recipe_on_cifar_10_lacks_nothing() {
        assert_eq!(Missing::from_recipe(&Configuration::default(), &cifar10()), Missing::default());
        let strata = Strata::new([vec![0.1; 5], vec![0.2; 5]]).unwrap();
        assert_eq!(Missing::default().with_runs(Some(&strata), &[]), Missing::default());
    }

    #[test]
    fn whatever_is_cut_is_named_with_its_numbers() {
        let quick = Configuration {
            epochs: 4,
            train_images: Some(6144),
            test_images: Some(2000),
            channels: [8, 16, 32, 64],
            ..Configuration::default()
        };
        let strata = Strata::new([vec![0.1], vec![0.2]]).unwrap();
        let unfinished: Vec<String> = (0..6).map(|i| format!("r0{i}: missing")).collect();
        let lines = Missing::from_recipe(&quick, "others").with_runs(Some(&strata), &unfinished).lines();
        assert_eq!(
            lines,
            [
                "trained for 4 of 128 epochs",
                "trained on 6144 of 50000 images",
                "tested on 2000 of 10000 images",
                "networks of 8-16-32-64 channels, not 64-128-256-512",
                "6 runs not done: r00: missing, r01: missing, r02: missing, r03: missing and 2 more",
                "1 paired seed at a rankscale: an interval needs 3, a sound one 5",
                "the images are not CIFAR-10 as its authors published it",
            ]
        );
    }

    #[test]
    fn few_pairs_are_an_obstacle_and_few_seeds_a_caveat() {
        let few = Strata::new([vec![0.1; 4]]).unwrap();
        let missing = Missing::default().with_runs(Some(&few), &[]);
        assert_eq!(missing.obstacles, ["4 pairs in all: an interval needs 9"]);
        assert_eq!(missing.caveats, ["4 seeds at a rankscale; 5 would be sounder"]);
        assert!(!allows_interval(&few));
        assert!(allows_interval(&Strata::new([vec![0.1; 3], vec![0.1; 3], vec![0.1; 3]]).unwrap()));
    }
}
