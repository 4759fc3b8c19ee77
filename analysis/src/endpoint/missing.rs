//! What is missing: from the runs of an endpoint, and for an answer to the question as it was asked.
//!
//! *Invariant:* an obstacle prevents any verdict, and a caveat does not. Each is a sentence with numbers.

use crate::stats::strata::Strata;
use artifacts::Exact;
use artifacts::dataset::Split;
use artifacts::rules::{MINIMUM_EPOCHS, MINIMUM_PAIRS, MINIMUM_SEEDS};
use artifacts::run::DataProvenance;
use artifacts::study::TunedArm;
use artifacts::words::{channels, many, short};
use artifacts::{Configuration, Recipe};

/// The number of runs that are named; further ones are only counted.
const NAMED_RUNS: usize = 4;

/// The reasons that prevent a verdict, and those that only weaken it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Reasons why no verdict can be given.
    pub obstacles: Vec<String>,
    /// What a reader of the verdict must know.
    pub caveats: Vec<String>,
    /// The settings in which the recipe differs from the question's; a verdict names them.
    pub differs: Vec<String>,
}

/// The strengths at which two arms are compared.
#[derive(Debug, Clone, Copy)]
pub enum Strengths<'a> {
    /// One λ, at the recipe's peak learning rate.
    Common(f64),
    /// Those that each arm chose.
    Own(&'a [&'a TunedArm]),
}

impl Strengths<'_> {
    /// Returns the largest λ.
    fn largest(self) -> f64 {
        match self {
            Self::Common(lambda) => lambda,
            Self::Own(arms) => arms.iter().map(|arm| arm.lambda).fold(0.0, f64::max),
        }
    }

    /// Lists those that are not the notebook's; strengths that the arms chose never are.
    fn differ(self, peak_learning_rate: f64) -> Vec<String> {
        match self {
            Self::Common(lambda) => {
                let asked = Configuration::default();
                let both = [
                    ("λ =", lambda, asked.lambda),
                    ("peak learning rate", peak_learning_rate, asked.recipe.peak_learning_rate),
                ];
                let other = both.into_iter().filter(|(_, here, asked)| Exact::of(*here) != Exact::of(*asked));
                other.map(|(name, here, _)| format!("{name} {}", short(here))).collect()
            }
            Self::Own(arms) => {
                let own = arms.iter().map(|arm| {
                    let (lambda, rate) = (short(arm.lambda), short(arm.peak_learning_rate));
                    format!("`{}` at λ = {lambda} and peak learning rate {rate}", arm.decay)
                });
                vec![own.collect::<Vec<_>>().join(", ")]
            }
        }
    }
}

impl Missing {
    /// Checks a recipe at the strengths of the arms. `fingerprint` is that of the images.
    #[must_use]
    pub fn from_recipe(recipe: &Recipe, strengths: Strengths<'_>, fingerprint: &str) -> Self {
        let mut missing = Self { differs: differs(recipe, strengths), ..Self::default() };
        if recipe.epochs < MINIMUM_EPOCHS {
            missing.obstacles.push(format!("trained for {} of {MINIMUM_EPOCHS} epochs", recipe.epochs));
        }
        let task = recipe.dataset;
        let [to_learn_from, to_be_judged_by] = Split::ALL.map(|split| task.images(split));
        if let Some(images) = recipe.train_images.filter(|images| *images < to_learn_from) {
            missing.obstacles.push(format!("trained on {images} of {to_learn_from} images"));
        }
        if let Some(images) = recipe.test_images.filter(|images| *images < to_be_judged_by) {
            missing.obstacles.push(format!("tested on {images} of {to_be_judged_by} images"));
        }
        if let Some(images) = recipe.validation_images {
            missing
                .obstacles
                .push(format!("judged by {images} training images that were held out, and by no test image"));
        }
        if recipe.channels != network::FULL_CHANNELS {
            let (found, asked) = (channels(recipe.channels), channels(network::FULL_CHANNELS));
            missing.obstacles.push(format!("networks of {found} channels, not {asked}"));
        }
        if strengths.largest() == 0.0 {
            missing.obstacles.push("with λ = 0 nothing decays, and the arms are one".to_owned());
        }
        if DataProvenance::is_of_an_import(fingerprint) {
            missing
                .caveats
                .push("imported: only the last epoch of every run is known, and not on which images".into());
        } else if task.fingerprints().is_none() {
            missing
                .caveats
                .push(format!("the images are not verified: no fingerprint of {task} is known here"));
        } else if task.fingerprints().is_some_and(|known| known != fingerprint) {
            missing.caveats.push(format!("the images are not {task} as its authors published it"));
            missing.differs.push(format!("on other images than {task}"));
        }
        missing
    }

    /// Adds the runs that should exist and have not finished, each with its state.
    #[must_use]
    pub fn with_unfinished(mut self, unfinished: &[String]) -> Self {
        if !unfinished.is_empty() {
            let named = unfinished.iter().take(NAMED_RUNS).cloned().collect::<Vec<_>>().join(", ");
            let rest = unfinished.len().saturating_sub(NAMED_RUNS);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            self.obstacles.push(format!("{} not done: {named}{more}", many(unfinished.len() as u64, "run")));
        }
        self
    }

    /// Adds what the pairs lack for a verdict, where no looks are planned.
    #[must_use]
    pub fn with_pairs(mut self, strata: Option<&Strata>) -> Self {
        self.obstacles.extend(too_few(strata.map_or(0, Strata::fewest), strata.map_or(0, Strata::pairs)));
        self
    }

    /// Returns all sentences, obstacles first.
    #[must_use]
    pub fn lines(self) -> Vec<String> {
        self.obstacles.into_iter().chain(self.caveats).collect()
    }
}

/// Says what a study without planned looks lacks for a verdict, with so many `seeds` at the rankscale that
/// has fewest, and so many `pairs` in all; `None` if there are enough.
#[must_use]
pub fn too_few(seeds: usize, pairs: usize) -> Option<String> {
    if seeds < MINIMUM_SEEDS {
        let found = many(seeds as u64, "paired seed");
        return Some(format!("{found} at a rankscale: a verdict needs {MINIMUM_SEEDS}"));
    }
    (pairs < MINIMUM_PAIRS)
        .then(|| format!("{} in all: a verdict needs {MINIMUM_PAIRS}", many(pairs as u64, "pair")))
}

/// Lists the settings in which a recipe that answers the question differs from the notebook's.
fn differs(recipe: &Recipe, strengths: Strengths<'_>) -> Vec<String> {
    let asked = Recipe::default();
    let mut found = Vec::new();
    if recipe.dataset != asked.dataset {
        found.push(format!("on {}", recipe.dataset));
    }
    found.extend(strengths.differ(recipe.peak_learning_rate));
    if recipe.batch != asked.batch {
        found.push(format!("batches of {}", recipe.batch));
    }
    if recipe.epochs > asked.epochs {
        found.push(format!("{} epochs", recipe.epochs));
    }
    if recipe.precision != asked.precision {
        found.push(format!("in {}", recipe.precision));
    }
    found
}

/// Returns whether there are enough pairs for a confidence interval of a class.
#[must_use]
pub fn allows_interval(strata: &Strata) -> bool {
    strata.fewest() >= MINIMUM_SEEDS && strata.pairs() >= MINIMUM_PAIRS
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::Precision;
    use artifacts::dataset::Task;
    use network::Arm;

    fn cifar10() -> String {
        Task::Cifar10.fingerprints().unwrap()
    }

    fn of(recipe: Recipe) -> Missing {
        Missing::from_recipe(&recipe, Strengths::Common(Configuration::default().lambda), &cifar10())
    }

    #[test]
    fn the_notebooks_recipe_on_cifar_10_lacks_nothing() {
        assert_eq!(of(Recipe::default()), Missing::default());
        let strata = Strata::new([vec![0.1; 5], vec![0.2; 5]]).unwrap();
        assert_eq!(Missing::default().with_unfinished(&[]).with_pairs(Some(&strata)), Missing::default());
    }

    #[test]
    fn whatever_is_cut_is_named_with_its_numbers() {
        let quick = Recipe {
            epochs: 4,
            train_images: Some(6144),
            test_images: Some(2000),
            channels: [8, 16, 32, 64],
            ..Recipe::default()
        };
        let strata = Strata::new([vec![0.1], vec![0.2]]).unwrap();
        let unfinished: Vec<String> = (0..6).map(|i| format!("r0{i}: missing")).collect();
        let missing =
            Missing::from_recipe(&quick, Strengths::Common(Configuration::default().lambda), "others");
        assert_eq!(
            missing.with_unfinished(&unfinished).with_pairs(Some(&strata)).lines(),
            [
                "trained for 4 of 128 epochs",
                "trained on 6144 of 50000 images",
                "tested on 2000 of 10000 images",
                "networks of 8-16-32-64 channels, not 64-128-256-512",
                "6 runs not done: r00: missing, r01: missing, r02: missing, r03: missing and 2 more",
                "1 paired seed at a rankscale: a verdict needs 3",
                "the images are not CIFAR-10 as its authors published it",
            ]
        );
    }

    #[test]
    fn another_recipe_is_named_and_no_decay_at_all_is_an_obstacle() {
        let other = Recipe {
            peak_learning_rate: 0.001,
            batch: 256,
            epochs: 200,
            precision: Precision::Bf16,
            ..Recipe::default()
        };
        let missing = Missing::from_recipe(&other, Strengths::Common(1.5e-4), &cifar10());
        assert_eq!(missing.obstacles, Vec::<String>::new());
        assert_eq!(
            missing.differs,
            ["λ = 1.5e-4", "peak learning rate 1e-3", "batches of 256", "200 epochs", "in bf16"]
        );
        let none = Missing::from_recipe(&Recipe::default(), Strengths::Common(0.0), &cifar10());
        assert_eq!(none.obstacles, ["with λ = 0 nothing decays, and the arms are one"]);
    }

    #[test]
    fn another_data_set_is_named_and_only_as_well_known_as_it_is() {
        let missing = of(Recipe { dataset: Task::Cifar100, ..Recipe::default() });
        assert_eq!(missing.obstacles, Vec::<String>::new());
        assert_eq!(missing.differs, ["on CIFAR-100"]);
        assert_eq!(
            missing.caveats,
            ["the images are not verified: no fingerprint of CIFAR-100 is known here"]
        );
    }

    #[test]
    fn held_out_images_are_no_test_images() {
        let missing = of(Recipe { validation_images: Some(5000), ..Recipe::default() });
        let asked = ["judged by 5000 training images that were held out, and by no test image"];
        assert_eq!((missing.obstacles.as_slice(), missing.differs.len()), (&asked.map(str::to_owned)[..], 0));
    }

    #[test]
    fn arms_at_strengths_of_their_own_are_named_with_them() {
        let arm = |decay, lambda| TunedArm { decay, recipe: "r".into(), lambda, peak_learning_rate: 0.4 };
        let recipe = Recipe { peak_learning_rate: 0.4, batch: 256, ..Recipe::default() };
        let arms = [arm(Arm::ORIGINAL, 5e-4), arm(Arm::APPROPRIATE, 1e-3)];
        let arms: Vec<_> = arms.iter().collect();
        assert_eq!(
            Missing::from_recipe(&recipe, Strengths::Own(&arms), &cifar10()).differs,
            [
                "`original` at λ = 5e-4 and peak learning rate 0.4, `appropriate` at λ = 1e-3 and peak learning rate 0.4",
                "batches of 256"
            ]
        );
    }

    #[test]
    fn few_pairs_are_an_obstacle() {
        let few = Strata::new([vec![0.1; 4]]).unwrap();
        assert_eq!(
            Missing::default().with_pairs(Some(&few)).obstacles,
            ["4 pairs in all: a verdict needs 9"]
        );
        assert!(!allows_interval(&few));
        assert!(allows_interval(&Strata::new([vec![0.1; 3], vec![0.1; 3], vec![0.1; 3]]).unwrap()));
    }
}
