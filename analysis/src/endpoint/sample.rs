//! The sample of paired observations that one comparison rests on.
//!
//! Some rankscales build the same network (27 and 28, 29 and 30). A network is one stratum whatever it is
//! called, and a seed of it is one observation: where it was trained under two rankscales, the observation is
//! the mean of the two differences, which are equal if arithmetic is deterministic. Where both engines
//! trained a pair, the engine with more pairs counts.
//!
//! *Invariant:* each (network, seed) occurs once; differences are whole numbers of images wherever the
//! accuracies are.

use crate::endpoint::aa::networks;
use crate::endpoint::pair::compression;
use crate::join::pairs::RunPair;
use crate::stats::strata::Strata;
use crate::stats::stratified::stratified;
use crate::stats::student::{Student, average};
use network::Architecture;
use std::collections::{BTreeMap, BTreeSet};

/// The largest distance from a whole number that the rounding of a fraction explains.
const ROUNDING: f64 = 1e-6;

/// The observation of one network and seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation<'a> {
    /// The smallest rankscale among the pairs that builds this network.
    pub rankscale: u32,
    /// The seed.
    pub seed: u64,
    /// Images that the arm classified correctly.
    pub images: f64,
    /// Images that its baseline classified correctly.
    pub baseline_images: f64,
    /// The pairs behind it; there are several if the network was trained under several rankscales.
    pub pairs: Vec<RunPair<'a>>,
}

impl Observation<'_> {
    /// Returns the difference in images, arm minus baseline.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.images - self.baseline_images
    }
}

/// The observations of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    /// The observations, sorted by rankscale and seed.
    pub observations: Vec<Observation<'a>>,
    /// The number of test images of a run.
    pub test_images: usize,
    /// The architecture of the runs, apart from the rankscale.
    like: Architecture,
}

impl<'a> Sample<'a> {
    /// Collects the observations from the pairs of one recipe, lambda and arm.
    #[must_use]
    pub fn new(pairs: &[RunPair<'a>], like: Architecture, test_images: usize) -> Self {
        let network = networks(&pairs.iter().map(rankscale).collect(), like);
        let mut groups: BTreeMap<(u32, u64, u32), Vec<RunPair<'a>>> = BTreeMap::new();
        for pair in pairs {
            // The seeds of an imported file only number its runs, so equal seeds at two rankscales are
            // unrelated.
            let name = if pair.treated.run.imported() { rankscale(pair) } else { 0 };
            groups.entry((network[&rankscale(pair)], seed(pair), name)).or_default().push(*pair);
        }
        let preferred = preferred_engine(groups.values());
        let observation = |((rankscale, seed, _), mut pairs): ((u32, u64, u32), Vec<RunPair<'a>>)| {
            if pairs.iter().any(|pair| Some(engine(pair)) == preferred) {
                pairs.retain(|pair| Some(engine(pair)) == preferred);
            }
            let mean = |of: fn(&RunPair<'_>) -> f64| {
                let counts = pairs.iter().map(|pair| whole(of(pair) * test_images as f64));
                counts.sum::<f64>() / pairs.len() as f64
            };
            let images = mean(|pair| pair.treated.accuracy());
            let baseline_images = mean(|pair| pair.plain.accuracy());
            Observation { rankscale, seed, images, baseline_images, pairs }
        };
        Self { observations: groups.into_iter().map(observation).collect(), test_images, like }
    }

    /// Returns the sample restricted to observations of which `keep` accepts the (rankscale, seed) of any
    /// pair.
    #[must_use]
    pub fn only(&self, keep: impl Fn(u32, u64) -> bool) -> Self {
        let kept = self
            .observations
            .iter()
            .filter(|one| one.pairs.iter().any(|pair| keep(rankscale(pair), seed(pair))));
        Self { observations: kept.cloned().collect(), ..*self }
    }

    /// Groups a quantity of the observations by network.
    #[must_use]
    pub fn grouped(&self, of: impl Fn(&Observation<'a>) -> f64) -> BTreeMap<u32, Vec<f64>> {
        let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for observation in &self.observations {
            groups.entry(observation.rankscale).or_default().push(of(observation));
        }
        groups
    }

    /// Returns the differences in images, one stratum per network; `None` without an observation.
    #[must_use]
    pub fn strata(&self) -> Option<Strata> {
        Strata::new(self.grouped(Observation::difference).into_values())
    }

    /// Returns the accuracy that one image is worth.
    #[must_use]
    pub fn unit(&self) -> f64 {
        1.0 / self.test_images as f64
    }

    /// Estimates the mean over networks of a quantity of the pairs; `None` if a run lacks it, or if it does
    /// not vary.
    #[must_use]
    pub fn mean_of(&self, of: impl Fn(&RunPair<'a>) -> Option<f64>) -> Option<Student> {
        let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for one in &self.observations {
            let values: Vec<f64> = one.pairs.iter().map(&of).collect::<Option<_>>()?;
            groups.entry(one.rankscale).or_default().push(average(&values));
        }
        stratified(&Strata::new(groups.into_values())?)
    }

    /// Returns the logarithm of the compression of a network.
    #[must_use]
    pub fn compression(&self, rankscale: u32) -> f64 {
        compression(rankscale, self.like)
    }

    /// Returns the rankscales that were trained, including those that build the same network.
    #[must_use]
    pub fn rankscales(&self) -> Vec<u32> {
        let all: BTreeSet<u32> = self.by_network().into_values().flatten().collect();
        all.into_iter().collect()
    }

    /// Returns the rankscales under which each network was trained, by the rankscale that stands for it.
    #[must_use]
    pub fn by_network(&self) -> BTreeMap<u32, BTreeSet<u32>> {
        let mut found: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for one in &self.observations {
            found.entry(one.rankscale).or_default().extend(one.pairs.iter().map(rankscale));
        }
        found
    }
}

/// Returns the rankscale that a pair was trained at.
pub(crate) fn rankscale(pair: &RunPair<'_>) -> u32 {
    pair.treated.run.record.configuration.rankscale as u32
}

/// Returns the seed that a pair shares.
pub(crate) fn seed(pair: &RunPair<'_>) -> u64 {
    pair.treated.run.record.configuration.seed
}

fn engine(pair: &RunPair<'_>) -> &'static str {
    pair.treated.run.record.configuration.engine.name()
}

/// Returns the engine that occurs in most groups; of several, the first by name.
fn preferred_engine<'g, 'a: 'g>(groups: impl Iterator<Item = &'g Vec<RunPair<'a>>>) -> Option<&'static str> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for group in groups {
        for name in group.iter().map(engine).collect::<BTreeSet<_>>() {
            *counts.entry(name).or_default() += 1;
        }
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(name, _)| name)
}

/// Rounds a count of images to the whole number that it is but for rounding error. An average, which an
/// imported file may hold, stays as it is.
fn whole(count: f64) -> f64 {
    let nearest = count.round();
    if (count - nearest).abs() <= ROUNDING { nearest } else { count }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::finished::finished;
    use crate::join::made_up::{configuration, done};
    use crate::join::pairs::pairs;
    use crate::runs::run::Run;
    use artifacts::{Backend, Configuration};
    use network::Arm;

    fn two(base: &Configuration, baseline: f64, images: i32) -> [Run; 2] {
        let arm = |decay| Configuration { decay, ..base.clone() };
        let treated = (baseline * 1e4 + f64::from(images)) / 1e4;
        [done(&arm(Arm::ORIGINAL), baseline), done(&arm(Arm::APPROPRIATE), treated)]
    }

    fn differences(runs: &[Run]) -> Vec<(u32, u64, f64)> {
        let finished = finished(runs, None);
        let found = Sample::new(&pairs(&finished, None), Configuration::default().architecture(), 10_000);
        found.observations.iter().map(|one| (one.rankscale, one.seed, one.difference())).collect()
    }

    #[test]
    fn one_pair_on_both_engines_is_one_piece_of_evidence() {
        let base = |seed, engine| configuration(8, Arm::ORIGINAL, seed).on(engine);
        let runs = [
            two(&base(0, Backend::Tch), 0.9, 7),
            two(&base(0, Backend::Fused), 0.9, 12),
            two(&base(1, Backend::Fused), 0.9, 3),
            two(&base(2, Backend::Tch), 0.9, 5),
            two(&base(3, Backend::Fused), 0.9, 4),
        ]
        .concat();
        // Fused has three seeds, libtorch two: where both have a seed, fused's pair counts; where only
        // libtorch has it, libtorch's does.
        assert_eq!(differences(&runs), [(8, 0, 12.0), (8, 1, 3.0), (8, 2, 5.0), (8, 3, 4.0)]);
    }

    #[test]
    fn a_network_with_two_names_is_one_stratum_and_its_seeds_are_pooled() {
        let base = |rankscale, seed| configuration(rankscale, Arm::ORIGINAL, seed);
        // Seed 0 under both rankscales, equal as on a CPU; seed 1 under both, different as on a GPU; seed 2
        // under one.
        let runs = [
            two(&base(27, 0), 0.87, 6),
            two(&base(28, 0), 0.87, 6),
            two(&base(27, 1), 0.87, 4),
            two(&base(28, 1), 0.87, 8),
            two(&base(28, 2), 0.87, 9),
            two(&base(8, 0), 0.9, 1),
        ]
        .concat();
        assert_eq!(differences(&runs), [(8, 0, 1.0), (27, 0, 6.0), (27, 1, 6.0), (27, 2, 9.0)]);
    }

    #[test]
    fn accuracies_are_compared_as_counts_of_images() {
        for baseline in 0..24 {
            let runs: Vec<Run> = (0..3)
                .flat_map(|seed| {
                    let baseline = 0.9 + f64::from(baseline) * 0.0007 + seed as f64 * 0.0011;
                    two(
                        &configuration(8, Arm::ORIGINAL, seed),
                        (baseline * 1e4).round() / 1e4,
                        seed as i32 - 1,
                    )
                })
                .collect();
            assert_eq!(differences(&runs), [(8, 0, -1.0), (8, 1, 0.0), (8, 2, 1.0)], "{baseline}");
        }
    }
}
