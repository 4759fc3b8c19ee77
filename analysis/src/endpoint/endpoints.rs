//! The primary endpoint of every arm: which runs it rests on, its estimate, and its verdict.
//!
//! *Invariant:* an arm that is planned or that has runs has an endpoint, with a difference wherever there is a pair; the
//! headline comes first.

use crate::endpoint::aa::same_network;
use crate::endpoint::images::image_by_image;
use crate::endpoint::missing::{Missing, TEST_IMAGES, allows_interval};
use crate::endpoint::replication::replication;
use crate::endpoint::secondary::{self, Pair};
use crate::endpoint::verdict;
use crate::join::pairs::{baseline, baseline_run};
use crate::join::recipes::Recipe;
use crate::runs::plan::Plan;
use crate::runs::run::{Run, same_lambda};
use crate::stats::RANDOM_SEED;
use crate::stats::strata::Strata;
use crate::stats::{bootstrap, permutation};
use artifacts::Configuration;
use artifacts::study::{ClassRow, Endpoint, LedgerRow, PairRow, Secondary};
use network::{Architecture, Arm, Counts};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the endpoints are estimated from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The experiment under study.
    pub plan: Option<&'a Plan>,
    /// Every readable run.
    pub runs: &'a [Run],
    /// Their recipes, headline first.
    pub recipes: &'a [Recipe],
    /// Every pair of finished runs under study.
    pub pairs: &'a [PairRow],
    /// The same pairs image by image.
    pub classes: &'a [ClassRow],
    /// What became of every run.
    pub ledger: &'a [LedgerRow],
}

/// The endpoints of every recipe, lambda and arm.
#[must_use]
pub fn endpoints(evidence: &Evidence<'_>) -> Vec<Endpoint> {
    let states: HashMap<&str, &str> =
        evidence.ledger.iter().map(|row| (row.run.as_str(), row.state.as_str())).collect();
    let mut endpoints = Vec::new();
    for (index, recipe) in evidence.recipes.iter().enumerate() {
        let expected = expected(evidence, recipe, index == 0);
        for lambda in lambdas(&expected) {
            let here: Vec<&Configuration> =
                expected.iter().copied().filter(|run| same_lambda(run.lambda, lambda)).collect();
            for arm in arms(&here, index == 0 && endpoints.is_empty()) {
                let comparison = Comparison { recipe, lambda, arm, expected: &here, states: &states };
                endpoints.extend(comparison.endpoint(evidence.pairs, evidence.classes));
            }
        }
    }
    endpoints
}

/// The runs that should be there: the planned ones for the headline recipe of a plan, else those that are.
fn expected<'a>(evidence: &Evidence<'a>, recipe: &Recipe, headline: bool) -> Vec<&'a Configuration> {
    match evidence.plan {
        Some(plan) if headline && recipe.planned => {
            let runs = plan.experiment().runs.iter();
            runs.filter(|run| run.recipe(&recipe.fingerprint) == recipe.summary.recipe).collect()
        }
        plan => {
            let runs = evidence.runs.iter().filter(|run| run.is_studied(plan));
            runs.filter(|run| run.recipe() == recipe.summary.recipe)
                .map(|run| &run.record.configuration)
                .collect()
        }
    }
}

/// The strengths of decay, the one with most runs first: the others are a sweep around it.
fn lambdas(expected: &[&Configuration]) -> Vec<f64> {
    // Positive floats sort as their bits do.
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for run in expected {
        *counts.entry(run.lambda.to_bits()).or_default() += 1;
    }
    let mut lambdas: Vec<(u64, usize)> = counts.into_iter().collect();
    lambdas.sort_by_key(|&(bits, runs)| (Reverse(runs), bits));
    if let [_, others @ ..] = lambdas.as_mut_slice() {
        others.sort_unstable();
    }
    lambdas.into_iter().map(|(bits, _)| f64::from_bits(bits)).collect()
}

/// The arms under test. A study of nothing but baselines still asks about the arm that is missing.
fn arms(expected: &[&Configuration], headline: bool) -> Vec<Arm> {
    let has = |arm: Arm| expected.iter().any(|run| run.decay == arm);
    let arms: Vec<Arm> = Arm::ALL.into_iter().filter(|arm| baseline(*arm).is_some() && has(*arm)).collect();
    if !arms.is_empty() || !headline {
        return arms;
    }
    vec![if has(Arm::Original) { Arm::Appropriate } else { Arm::PublishedAppropriate }]
}

/// One arm against its baseline at one lambda.
struct Comparison<'a> {
    recipe: &'a Recipe,
    lambda: f64,
    arm: Arm,
    expected: &'a [&'a Configuration],
    states: &'a HashMap<&'a str, &'a str>,
}

impl Comparison<'_> {
    fn endpoint(&self, pairs: &[PairRow], classes: &[ClassRow]) -> Option<Endpoint> {
        let baseline = baseline(self.arm)?;
        let pairs =
            distinct(pairs.iter().filter(|pair| self.has(pair)), self.recipe.summary.configuration.channels);
        let mut by_rankscale: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for pair in &pairs {
            by_rankscale.entry(pair.rankscale).or_default().push(pair.difference);
        }
        let rankscales = by_rankscale.keys().copied().collect();
        let strata = Strata::new(by_rankscale.into_values());
        let missing = Missing::from_recipe(&self.recipe.summary.configuration, &self.recipe.fingerprint);
        let as_asked = missing.obstacles.is_empty();
        let missing = missing.with_runs(strata.as_ref(), &self.unfinished());
        let enough = strata.as_ref().filter(|strata| allows_interval(strata));
        let interval = enough.and_then(|strata| bootstrap::interval(strata, RANDOM_SEED));
        let p = enough.map(|strata| permutation::sign_flip(strata, RANDOM_SEED));
        let (verdict, rule) = verdict::judge(interval, p, &missing.obstacles);
        Some(Endpoint {
            decay: self.arm,
            baseline,
            recipe: self.recipe.summary.recipe.clone(),
            lambda: self.lambda,
            rankscales,
            pairs: strata.as_ref().map_or(0, Strata::pairs) as u32,
            seeds: strata.as_ref().map_or(0, Strata::fewest) as u32,
            difference: strata.as_ref().map(Strata::mean),
            interval,
            p,
            verdict,
            rule,
            missing: missing.lines(),
            secondary: Secondary {
                images: image_by_image(&self.classes_of(classes, &pairs)),
                replication: replication(self.arm, &self.as_pairs(&pairs), as_asked),
                ..secondary::secondary(&self.as_pairs(&pairs), self.test_images())
            },
        })
    }

    fn as_pairs(&self, rows: &[&PairRow]) -> Vec<Pair> {
        let channels = self.recipe.summary.configuration.channels;
        let compression = |rankscale: u32| {
            let counts = Counts::of(&Architecture { rankscale: rankscale as usize, channels });
            -counts.ratio_full.log2()
        };
        let pair = |row: &&PairRow| Pair {
            rankscale: row.rankscale,
            accuracy: row.accuracy,
            baseline: row.baseline_accuracy,
            compression: compression(row.rankscale),
        };
        rows.iter().map(pair).collect()
    }

    /// The classes of these pairs: a pair that counts once is there once.
    fn classes_of<'c>(&self, classes: &'c [ClassRow], pairs: &[&PairRow]) -> Vec<&'c ClassRow> {
        let pairs: HashSet<_> = pairs.iter().map(|pair| (pair.rankscale, pair.seed)).collect();
        let ours = |row: &&ClassRow| {
            row.recipe == self.recipe.summary.recipe
                && same_lambda(row.lambda, self.lambda)
                && row.decay == self.arm.name()
                && pairs.contains(&(row.rankscale, row.seed))
        };
        classes.iter().filter(ours).collect()
    }

    fn test_images(&self) -> usize {
        self.recipe.summary.configuration.test_images.unwrap_or(TEST_IMAGES)
    }

    fn has(&self, pair: &PairRow) -> bool {
        pair.recipe == self.recipe.summary.recipe
            && same_lambda(pair.lambda, self.lambda)
            && pair.decay == self.arm.name()
            && pair.rankscale > 0
    }

    /// The runs of this arm, and the baselines beside them, that should be done and are not.
    fn unfinished(&self) -> Vec<String> {
        let mut unfinished = Vec::new();
        let state = |run: &Configuration| {
            let name = run.run_name(&self.recipe.fingerprint);
            let state = self.states.get(name.as_str()).copied().unwrap_or("missing");
            (state != "done").then(|| format!("{name} ({state})"))
        };
        let wanted = self.expected.iter().filter(|run| run.decay == self.arm && run.rankscale > 0);
        let wanted: Vec<&&Configuration> = wanted.collect();
        if wanted.is_empty() {
            unfinished.push(format!("any of `{}`", self.arm));
        }
        for run in wanted {
            unfinished.extend(state(run));
            unfinished.extend(baseline_run(run).and_then(|plain| state(&plain)));
        }
        unfinished
    }
}

/// The pairs without repetitions. Some rankscales build the same network (27 and 28, 29 and 30); where arithmetic is
/// deterministic, the same seed then gives the same run twice, which is one piece of evidence and not two.
fn distinct<'a>(pairs: impl Iterator<Item = &'a PairRow>, channels: [usize; 4]) -> Vec<&'a PairRow> {
    let mut kept: Vec<&PairRow> = Vec::new();
    let mut seen: HashMap<(u64, u64, u64), Vec<u32>> = HashMap::new();
    for pair in pairs {
        let equals =
            seen.entry((pair.seed, pair.accuracy.to_bits(), pair.baseline_accuracy.to_bits())).or_default();
        if equals.iter().all(|other| !same_network([*other, pair.rankscale], channels)) {
            equals.push(pair.rankscale);
            kept.push(pair);
        }
    }
    kept
}
