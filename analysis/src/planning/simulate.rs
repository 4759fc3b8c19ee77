//! Simulates studies of a design and judges them by the rules as they are implemented.
//!
//! *Invariant:* the same setting gives the same counts, and no rule is implemented here a second time.

use crate::endpoint::looks::first_decisive;
use crate::endpoint::missing::too_few;
use crate::endpoint::pair::Pair;
use crate::endpoint::secondary;
use crate::endpoint::verdict::{Found, Judgement, judge};
use crate::planning::design::Design;
use crate::stats::heterogeneity::heterogeneity;
use crate::stats::holm::holm;
use crate::stats::strata::Strata;
use crate::stats::stratified::stratified;
use crate::stats::student::Student;
use artifacts::rules::ALPHA;
use artifacts::study::{Size, Verdict};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The accuracy around which simulated runs lie.
const ACCURACY: f64 = 0.9;
/// The number of test images, of which accuracies are counts.
const IMAGES: f64 = 10_000.0;

/// The distribution of the noise of a pair's difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Normal except for its far tails: the sum of twelve uniform draws.
    Normal,
    /// Heavy-tailed: one difference in ten has three times the noise.
    Heavy,
    /// Skewed: an exponential draw.
    Skewed,
}

/// The truth behind the simulated studies.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// The standard deviation of a pair's difference at each network, a fraction.
    pub sds: Vec<f64>,
    /// The mean difference at each network, a fraction.
    pub effects: Vec<f64>,
    /// The correlation of the differences of one seed at two networks.
    pub correlation: f64,
    /// The distribution of the noise.
    pub shape: Shape,
}

impl Truth {
    /// Returns one standard deviation and one effect for all networks of a design, normal and independent.
    #[must_use]
    pub fn plain(design: &Design, sd: f64, effect: f64) -> Self {
        let networks = design.networks.len();
        Self {
            sds: vec![sd; networks],
            effects: vec![effect; networks],
            correlation: 0.0,
            shape: Shape::Normal,
        }
    }

    fn mean(&self) -> f64 {
        self.effects.iter().sum::<f64>() / self.effects.len() as f64
    }
}

/// Counts of the simulated studies by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcomes {
    /// The number of studies.
    pub studies: u32,
    /// Studies in which the arm was called better.
    pub better: u32,
    /// Studies in which the arm was called worse.
    pub worse: u32,
    /// Studies in which it was called relevantly better or relevantly worse.
    pub relevant: u32,
    /// Studies with the verdict *no meaningful difference*.
    pub equal: u32,
    /// Studies in which the interval of level `1 - alpha` over all pairs contained the truth.
    pub covered: u32,
    /// Studies in which the 95 % interval of the first network's mean contained the truth.
    pub cell_covered: u32,
    /// Studies in which some secondary arm was called better or worse although none differs.
    pub false_secondary: u32,
    /// The pairs that the verdicts rested on, summed over studies.
    pub pairs: u64,
}

impl Outcomes {
    /// Returns a count as a fraction of the studies.
    #[must_use]
    pub fn share(&self, count: u32) -> f64 {
        f64::from(count) / f64::from(self.studies.max(1))
    }
}

/// Simulates and judges this many studies. The same seed gives the same studies.
#[must_use]
pub fn simulate(design: &Design, truth: &Truth, studies: u32, seed: u64) -> Outcomes {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut outcomes = Outcomes { studies, ..Outcomes::default() };
    for _ in 0..studies {
        one(design, truth, &mut random, &mut outcomes);
    }
    outcomes
}

fn one(design: &Design, truth: &Truth, random: &mut ChaCha8Rng, outcomes: &mut Outcomes) {
    let pairs = made_up(design, truth, random);
    let (judged, used) = verdict(design, &pairs);
    match judged.verdict {
        Verdict::Better => outcomes.better += 1,
        Verdict::Worse => outcomes.worse += 1,
        Verdict::NoMeaningfulDifference => outcomes.equal += 1,
        Verdict::NotEnoughEvidence => {}
    }
    outcomes.relevant += u32::from(judged.size == Some(Size::Relevant));
    outcomes.pairs += used as u64;
    if let Some(found) = stratified(&strata(&pairs)) {
        let off = Student { value: found.value - truth.mean(), ..found };
        outcomes.covered += u32::from(off.p() > design.level.alpha);
    }
    let first: Vec<f64> = pairs[0].iter().map(|difference| difference - truth.effects[0]).collect();
    let cell = Strata::new([first]).and_then(|strata| stratified(&strata));
    outcomes.cell_covered += u32::from(cell.is_none_or(|found| found.p() > ALPHA));
    if design.secondary > 0 {
        outcomes.false_secondary += u32::from(secondary_called(design, truth, random));
    }
}

/// Draws the differences of a study, one list per network.
fn made_up(design: &Design, truth: &Truth, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let most = design.networks.iter().map(|(pairs, _)| *pairs).max().unwrap_or(0);
    let shared: Vec<f64> = (0..most).map(|_| draw(truth.shape, random)).collect();
    let (own, common) = ((1.0 - truth.correlation).sqrt(), truth.correlation.sqrt());
    let list = |at: usize, pairs: usize, random: &mut ChaCha8Rng| {
        let difference = |shared: &f64, random: &mut ChaCha8Rng| {
            let noise = own * draw(truth.shape, random) + common * shared;
            ((truth.effects[at] + truth.sds[at] * noise) * IMAGES).round() / IMAGES
        };
        shared.iter().take(pairs).map(|shared| difference(shared, random)).collect()
    };
    design.networks.iter().enumerate().map(|(at, (pairs, _))| list(at, *pairs, random)).collect()
}

/// Draws a number with mean 0 and standard deviation 1.
fn draw(shape: Shape, random: &mut ChaCha8Rng) -> f64 {
    let mut normal = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
    match shape {
        Shape::Normal => normal(),
        Shape::Heavy => {
            let noise = normal();
            noise * if random.random_bool(0.1) { 3.0 } else { 1.0 } / 1.8f64.sqrt()
        }
        Shape::Skewed => -(1.0 - random.random::<f64>()).ln() - 1.0,
    }
}

fn strata(lists: &[Vec<f64>]) -> Strata {
    Strata::new(lists.iter().cloned()).expect("every network has a pair")
}

/// Returns the verdict of a study, and the number of pairs it rests on.
fn verdict(design: &Design, lists: &[Vec<f64>]) -> (Judgement, usize) {
    let all = [design.networks.iter().map(|(pairs, _)| *pairs).max().unwrap_or(0) as u32];
    let looks = if design.looks.is_empty() { &all[..] } else { &design.looks };
    let at = |pairs: u32| {
        let lists: Vec<Vec<f64>> =
            lists.iter().map(|list| list.iter().take(pairs as usize).copied().collect()).collect();
        (judged(design, &lists), lists.iter().map(Vec::len).sum())
    };
    let decides = |(judged, _): &(Judgement, usize)| judged.verdict != Verdict::NotEnoughEvidence;
    first_decisive(looks, at, decides).expect("there is a look").1
}

fn judged(design: &Design, lists: &[Vec<f64>]) -> Judgement {
    let mut pairs = Vec::new();
    for (at, (list, (_, compression))) in lists.iter().zip(&design.networks).enumerate() {
        pairs.extend(list.iter().map(|difference| Pair {
            rankscale: at as u32,
            accuracy: ACCURACY + difference,
            baseline: ACCURACY,
            compression: *compression,
        }));
    }
    let strata = strata(lists);
    let by_rankscale = secondary::by_rankscale(&pairs);
    let found = Found {
        heterogeneity: heterogeneity(&strata),
        by_rankscale: &by_rankscale,
        trend: secondary::trend(&pairs),
        ..Found::alone(stratified(&strata))
    };
    let once = design.looks.is_empty();
    let obstacles = once.then(|| too_few(strata.fewest(), strata.pairs())).flatten();
    judge(&found, design.level, obstacles.as_slice())
}

/// Returns whether any secondary arm is called better or worse although none differs. The arms share the
/// noise of their baseline.
fn secondary_called(design: &Design, truth: &Truth, random: &mut ChaCha8Rng) -> bool {
    let zero = Truth { effects: vec![0.0; truth.effects.len()], ..truth.clone() };
    let baseline = made_up(design, &zero, random);
    let p: Vec<f64> = (0..design.secondary)
        .filter_map(|_| {
            let arm = made_up(design, &zero, random);
            let lists = arm.iter().zip(&baseline).map(|(arm, baseline)| {
                arm.iter().zip(baseline).map(|(arm, baseline)| (arm - baseline) / 2f64.sqrt()).collect()
            });
            stratified(&Strata::new(lists)?).map(|found| found.p())
        })
        .collect();
    holm(&p).into_iter().any(|p| p <= ALPHA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found_and_nothing_seldom_is() {
        let design = Design::balanced(3, 9);
        let at = |effect| simulate(&design, &Truth::plain(&design, 0.0025, effect), 400, 1);
        let (nothing, something) = (at(0.0), at(0.004));
        assert!(nothing.share(nothing.better + nothing.worse) < 0.09, "{nothing:?}");
        assert!(nothing.share(nothing.covered) > 0.91, "{nothing:?}");
        assert!(something.share(something.better) > 0.99 && something.worse == 0, "{something:?}");
        assert_eq!(at(0.0), nothing);
    }

    #[test]
    fn looks_save_pairs() {
        let looked = Design {
            looks: vec![3, 6, 9],
            level: crate::endpoint::verdict::Level { alpha: 0.0221, margin: 0.001 },
            ..Design::balanced(3, 9)
        };
        let found = simulate(&looked, &Truth::plain(&looked, 0.0025, 0.004), 200, 2);
        assert!(found.pairs < 200 * 20 && found.share(found.better) > 0.97, "{found:?}");
    }
}
