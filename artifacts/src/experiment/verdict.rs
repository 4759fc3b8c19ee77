//! `[verdict]` of an experiment: which comparison is judged, when, and how strictly.
//!
//! ```toml
//! [verdict]
//! primary = "appropriate"   # judged against its baseline; every other comparison is secondary
//! looks = [3, 6, 10]        # pairs per rankscale after which the endpoint is judged, never in between
//! alpha = 0.0221            # two-sided level at each look
//! margin = 0.001            # differences of accuracy below this fraction are not meaningful
//! ```
//!
//! *Invariant:* the looks ascend, and the grids hold the pairs that the last one needs.

use super::arms::Arms;
use crate::configuration::{Configuration, InvalidConfiguration};
use crate::exact::Exact;
use network::Arm;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How the primary comparison of an experiment is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictPlan {
    /// The arm that is judged, against its baseline.
    pub primary: Arm,
    /// The numbers of pairs per rankscale at which the endpoint is judged, ascending.
    pub looks: Vec<usize>,
    /// The two-sided significance level of the test at each look.
    pub alpha: f64,
    /// The equivalence margin: the largest difference of accuracy that is not meaningful, a fraction.
    pub margin: f64,
}

/// The `[verdict]` table of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verdict {
    primary: String,
    looks: Vec<usize>,
    alpha: f64,
    margin: f64,
}

/// The rule for the arm that is judged.
const PRIMARY: &str = "must be an arm of the grids";
/// The rule for the recipe that it is judged at: runs at another peak learning rate are of another one.
const RATES: &str = "must be planned at one peak learning rate, at which it is judged";
/// The rule for what it is judged against.
const BASELINE: &str = "must be an arm with a baseline, and the grids must have both with the same seeds";

impl Verdict {
    /// Resolves the arm that it names.
    pub(super) fn of(self, arms: &Arms) -> Result<VerdictPlan, InvalidConfiguration> {
        let Self { primary, looks, alpha, margin } = self;
        let rule = |_| InvalidConfiguration::rule("verdict.primary", &primary, PRIMARY);
        Ok(VerdictPlan { primary: arms.named(&primary).map_err(rule)?, looks, alpha, margin })
    }
}

impl VerdictPlan {
    /// Checks every rule against the runs of the experiment.
    ///
    /// # Errors
    /// The first broken rule, with the key and its value.
    pub(super) fn validated(self, runs: &[Configuration]) -> Result<Self, InvalidConfiguration> {
        let looks = format!("{:?}", self.looks);
        let pairs = self.fewest_seeds(runs);
        let last = self.looks.last().copied().unwrap_or(0);
        let rules = [
            ("verdict.looks", looks.clone(), last > 0, "must name at least one number of pairs"),
            (
                "verdict.looks",
                looks.clone(),
                self.looks.first() >= Some(&2) && self.looks.is_sorted_by(|a, b| a < b),
                "must ascend, from two pairs on",
            ),
            (
                "verdict.alpha",
                self.alpha.to_string(),
                self.alpha > 0.0 && self.alpha <= 0.2,
                "must be above 0 and at most 0.2",
            ),
            (
                "verdict.margin",
                self.margin.to_string(),
                self.margin > 0.0 && self.margin < 0.1,
                "must be above 0 and below 0.1 (it is a fraction: 0.001 is 0.1 percentage points)",
            ),
            ("verdict.primary", self.primary.to_string(), self.is_in(runs), PRIMARY),
            ("verdict.primary", self.primary.to_string(), pairs > 0, BASELINE),
            ("verdict.primary", self.primary.to_string(), !self.has_rates(runs), RATES),
            ("verdict.looks", looks, last <= pairs, "must not ask for more seeds than every rankscale has"),
        ];
        match rules.into_iter().find(|(_, _, holds, _)| !holds) {
            Some((key, value, _, rule)) => Err(InvalidConfiguration::rule(key, &value, rule)),
            None => Ok(self),
        }
    }

    fn is_in(&self, runs: &[Configuration]) -> bool {
        runs.iter().any(|run| run.decay == self.primary)
    }

    /// Returns the low-rank runs of an arm; the dense network does not enter the endpoint.
    fn low_rank(runs: &[Configuration], arm: Arm) -> impl Iterator<Item = &Configuration> {
        runs.iter().filter(move |run| run.decay == arm && run.rankscale > 0)
    }

    /// Returns whether the primary arm is planned at several peak learning rates.
    fn has_rates(&self, runs: &[Configuration]) -> bool {
        let rates: BTreeSet<Exact> =
            Self::low_rank(runs, self.primary).map(|run| run.strength()[1]).collect();
        rates.len() > 1
    }

    /// Returns the number of seeds that the primary arm shares with its baseline, at the rankscale with the
    /// fewest, at the λ that it is judged at: the one with most of its runs. A baseline that has a strength
    /// of its own, as in a tuned experiment, is the same for all.
    fn fewest_seeds(&self, runs: &[Configuration]) -> usize {
        let seeds = |arm: Arm, at: Option<[Exact; 2]>| {
            let mut seeds: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
            for run in Self::low_rank(runs, arm).filter(|run| at.is_none_or(|at| run.strength() == at)) {
                seeds.entry(run.rankscale).or_default().insert(run.seed);
            }
            seeds
        };
        let Some(baseline) = self.primary.baseline() else { return 0 };
        let mut counts: BTreeMap<[Exact; 2], usize> = BTreeMap::new();
        for run in Self::low_rank(runs, self.primary) {
            *counts.entry(run.strength()).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or(0);
        let fewest = counts.into_iter().filter(|(_, runs)| *runs == most).map(|(at, _)| {
            let beside = Self::low_rank(runs, baseline).any(|run| run.strength() == at);
            let beside = seeds(baseline, beside.then_some(at));
            let shared = seeds(self.primary, Some(at)).into_iter().map(|(rankscale, seeds)| {
                beside.get(&rankscale).map_or(0, |beside| beside.intersection(&seeds).count())
            });
            shared.min().unwrap_or(0)
        });
        fewest.min().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;

    fn plan() -> VerdictPlan {
        VerdictPlan { primary: Arm::APPROPRIATE, looks: vec![2, 3], alpha: 0.05, margin: 0.001 }
    }

    fn runs(seeds_at_8: u64, seeds_at_31: u64) -> Vec<Configuration> {
        let of = |arm| runs_of(arm, seeds_at_8, seeds_at_31);
        [of(Arm::APPROPRIATE), of(Arm::ORIGINAL)].concat()
    }

    fn runs_of(decay: Arm, seeds_at_8: u64, seeds_at_31: u64) -> Vec<Configuration> {
        let run = |rankscale, seed| Configuration { rankscale, decay, seed, ..Configuration::default() };
        (0..seeds_at_8)
            .map(|seed| run(8, seed))
            .chain((100..100 + seeds_at_31).map(|seed| run(31, seed)))
            .collect()
    }

    #[test]
    fn looks_need_their_seeds_at_every_rankscale() {
        assert_eq!(plan().validated(&runs(3, 3)), Ok(plan()));
        let message = plan().validated(&runs(3, 2)).unwrap_err().to_string();
        assert!(message.contains("verdict.looks [2, 3]") && message.contains("more seeds"), "{message}");
    }

    #[test]
    fn looks_need_their_seeds_at_one_strength() {
        let third = |run: Configuration| match run.seed {
            2 | 102 => Configuration { lambda: 1e-4, ..run },
            _ => run,
        };
        let split: Vec<Configuration> = runs(3, 3).into_iter().map(third).collect();
        let message = plan().validated(&split).unwrap_err().to_string();
        assert!(message.contains("more seeds"), "{message}");
        let dense = |run: Configuration| Configuration { rankscale: 0, ..run };
        let beside: Vec<Configuration> =
            runs(3, 3).into_iter().chain(runs(1, 0).into_iter().map(dense)).collect();
        assert_eq!(plan().validated(&beside), Ok(plan()), "the dense network is not judged");
        let only: Vec<Configuration> = runs(3, 3).into_iter().map(dense).collect();
        assert!(plan().validated(&only).unwrap_err().to_string().contains(BASELINE));
        let faster = |run: Configuration| {
            let peak_learning_rate = if run.seed > 2 { 0.4 } else { run.recipe.peak_learning_rate };
            Configuration { recipe: Recipe { peak_learning_rate, ..run.recipe }, ..run }
        };
        let rates: Vec<Configuration> = runs(3, 3).into_iter().map(faster).collect();
        assert!(plan().validated(&rates).unwrap_err().to_string().contains(RATES));
        let own = |run: Configuration| {
            let lambda = if run.decay == Arm::APPROPRIATE { 1e-3 } else { run.lambda };
            Configuration { lambda, ..run }
        };
        let tuned: Vec<Configuration> = runs(3, 3).into_iter().map(own).collect();
        assert_eq!(plan().validated(&tuned), Ok(plan()));
    }

    #[test]
    fn the_judged_arm_needs_its_baseline_at_the_same_seeds() {
        let judged = runs_of(Arm::APPROPRIATE, 3, 3);
        for (baseline, rule) in [((0, 0), BASELINE), ((3, 0), BASELINE), ((2, 3), "more seeds")] {
            let baseline = runs_of(Arm::ORIGINAL, baseline.0, baseline.1);
            let message = plan().validated(&[judged.clone(), baseline].concat()).unwrap_err().to_string();
            assert!(message.contains(rule), "{message}");
        }
        let of_none = VerdictPlan { primary: Arm::ORIGINAL, ..plan() };
        assert!(of_none.validated(&runs(3, 3)).unwrap_err().to_string().contains(BASELINE));
    }

    #[test]
    fn broken_rules_are_named() {
        let broken = [
            (VerdictPlan { looks: vec![], ..plan() }, "verdict.looks []"),
            (VerdictPlan { looks: vec![3, 2], ..plan() }, "verdict.looks [3, 2]"),
            (VerdictPlan { looks: vec![1, 2], ..plan() }, "verdict.looks [1, 2]"),
            (VerdictPlan { alpha: f64::NAN, ..plan() }, "verdict.alpha NaN"),
            (VerdictPlan { margin: 0.1, ..plan() }, "verdict.margin 0.1"),
            (VerdictPlan { primary: Arm::FROBENIUS, ..plan() }, "verdict.primary frobenius"),
        ];
        for (plan, needle) in broken {
            let message = plan.validated(&runs(3, 3)).unwrap_err().to_string();
            assert!(message.contains(needle), "{message}");
        }
    }
}
