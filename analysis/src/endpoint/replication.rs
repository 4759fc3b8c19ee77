//! The replication check: whether the 2018 notebook's figure is compatible with runs of ours.
//!
//! The notebook has one pair of runs at each rankscale. Given the mean of our pairs and the standard
//! deviation between their seeds, the mean of another such study falls into a 95 % prediction interval
//! (Patil, Peng and Leek, "What should researchers expect when they replicate studies?", Perspectives on
//! Psychological Science 11, 2016). The notebook's mean is compared with that interval, for the difference of
//! the two arms and for the accuracy of each.
//!
//! *Invariant:* only rankscales that both studies have enter, on both sides. Rankscales that build one
//! network are one point of either, the mean of theirs.

use crate::endpoint::pair::{Pair, grouped};
use crate::stats::LEVEL;
use crate::stats::student::{Student, average, is_rounding, pooled_sd};
use artifacts::notebook::{self, Point};
use artifacts::study::{Agreement, Interval, Replicated, Replication};
use network::Arm;
use std::collections::{BTreeMap, BTreeSet};

/// Compares the arm and its baseline with the notebook's two curves; `None` for arms that the notebook does
/// not have, or if no rankscale is shared. `by_network` has the rankscales behind each rankscale of the
/// pairs; `like_the_notebook` says whether the runs were trained as the notebook's were.
#[must_use]
pub fn replication(
    arm: Arm,
    pairs: &[Pair],
    by_network: &BTreeMap<u32, BTreeSet<u32>>,
    like_the_notebook: bool,
) -> Option<Replication> {
    if ![Arm::APPROPRIATE, Arm::PUBLISHED_APPROPRIATE].contains(&arm) {
        return None;
    }
    let curve = notebook::curve();
    let points = |rankscales: &BTreeSet<u32>| -> Vec<Point> {
        curve.iter().filter(|point| rankscales.contains(&point.rankscale)).copied().collect()
    };
    let trained: BTreeSet<u32> = pairs.iter().map(|pair| pair.rankscale).collect();
    let mut theirs: BTreeMap<u32, Vec<Point>> =
        by_network.iter().map(|(network, rankscales)| (*network, points(rankscales))).collect();
    theirs.retain(|network, points| trained.contains(network) && !points.is_empty());
    if theirs.is_empty() {
        return None;
    }
    let replicated = |of_pair: fn(&Pair) -> f64, of_point: fn(&Point) -> f64| {
        let mut ours = grouped(pairs, of_pair);
        ours.retain(|network, _| theirs.contains_key(network));
        let networks = ours.len() as f64;
        let mean = ours.values().map(|list| average(list)).sum::<f64>() / networks;
        let of_points = |points: &Vec<Point>| average(&points.iter().map(of_point).collect::<Vec<_>>());
        let notebook = theirs.values().map(of_points).sum::<f64>() / networks;
        let prediction = prediction(&ours, mean);
        let agreement = match prediction.filter(|_| like_the_notebook) {
            None => Agreement::NotEnoughEvidence,
            Some(interval) if (interval.low..=interval.high).contains(&notebook) => Agreement::Compatible,
            Some(_) => Agreement::Incompatible,
        };
        Replicated { notebook, ours: mean, prediction, agreement }
    };
    Some(Replication {
        rankscales: theirs.values().map(|points| points.len() as u32).sum(),
        difference: replicated(Pair::difference, |point| point.appropriate - point.original),
        accuracy: replicated(|pair| pair.accuracy, |point| point.appropriate),
        baseline: replicated(|pair| pair.baseline, |point| point.original),
    })
}

/// Returns the prediction interval of the mean of one more value at each rankscale; `None` without a standard
/// deviation.
fn prediction(ours: &BTreeMap<u32, Vec<f64>>, mean: f64) -> Option<Interval> {
    let sd = pooled_sd(ours.values().map(Vec::as_slice))?;
    if is_rounding(sd, ours.values().flatten()) {
        return None;
    }
    let rankscales = ours.len() as f64;
    let freedom: usize = ours.values().map(|list| list.len() - 1).sum();
    let inverse_counts: f64 = ours.values().map(|list| 1.0 / list.len() as f64).sum();
    let error = sd * (inverse_counts / rankscales + 1.0).sqrt() / rankscales.sqrt();
    Student::new(mean, error, freedom as f64).map(|found| found.interval(LEVEL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{close, expected, strata_of};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Pairs that differ by the notebook's difference at their rankscale, plus a shift and noise with a
    /// standard deviation of 0.2 points.
    fn pairs(seeds: usize, shift: f64, random: &mut ChaCha8Rng) -> Vec<Pair> {
        let curve = notebook::curve();
        let pair = |point: &Point, random: &mut ChaCha8Rng| Pair {
            rankscale: point.rankscale,
            accuracy: point.appropriate + shift + (random.random::<f64>() - 0.5) * 0.002 * 12f64.sqrt(),
            baseline: point.original,
            compression: 0.0,
        };
        (0..seeds).flat_map(|_| curve.iter().map(|point| pair(point, random)).collect::<Vec<_>>()).collect()
    }

    /// Compares pairs whose rankscales each build a network of their own.
    fn alone(arm: Arm, pairs: &[Pair], like_the_notebook: bool) -> Option<Replication> {
        let of = |pair: &Pair| (pair.rankscale, BTreeSet::from([pair.rankscale]));
        replication(arm, pairs, &pairs.iter().map(of).collect(), like_the_notebook)
    }

    #[test]
    fn rankscales_of_one_network_are_one_point_on_both_sides() {
        let curve: BTreeMap<u32, Point> =
            notebook::curve().into_iter().map(|point| (point.rankscale, point)).collect();
        let pair = |rankscale, difference| Pair {
            rankscale,
            accuracy: 0.9 + difference,
            baseline: 0.9,
            compression: 0.0,
        };
        let pairs = [pair(8, 0.001), pair(27, 0.003)];
        let by_network = BTreeMap::from([
            (8, BTreeSet::from([8])),
            (27, BTreeSet::from([27, 28])),
            (40, BTreeSet::from([40])),
        ]);
        let found = replication(Arm::APPROPRIATE, &pairs, &by_network, true).unwrap();
        assert_eq!(found.rankscales, 3);
        let theirs = |of: fn(&Point) -> f64| {
            f64::midpoint(of(&curve[&8]), f64::midpoint(of(&curve[&27]), of(&curve[&28])))
        };
        let expected = [
            (found.difference, theirs(|point| point.appropriate - point.original), 0.002),
            (found.accuracy, theirs(|point| point.appropriate), 0.902),
            (found.baseline, theirs(|point| point.original), 0.9),
        ];
        for (mean, notebook, ours) in expected {
            assert!((mean.notebook - notebook).abs() < 1e-12 && (mean.ours - ours).abs() < 1e-12, "{mean:?}");
        }
        assert!(curve[&27].original != curve[&28].original);
    }

    #[test]
    fn the_notebooks_own_curves_are_compatible_with_it_and_others_are_not() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let same = alone(Arm::PUBLISHED_APPROPRIATE, &pairs(2, 0.0, &mut random), true).unwrap();
        assert_eq!((same.rankscales, same.difference.agreement), (30, Agreement::Compatible));
        assert_eq!(same.accuracy.agreement, Agreement::Compatible);
        assert!((same.difference.notebook + 0.0068).abs() < 1e-4);
        let other = alone(Arm::APPROPRIATE, &pairs(2, 0.0068, &mut random), true).unwrap();
        assert_eq!(other.difference.agreement, Agreement::Incompatible);
        assert_eq!(other.accuracy.agreement, Agreement::Incompatible);
    }

    /// Two curves that both lie a point above the notebook's differ as the notebook's do.
    #[test]
    fn a_difference_can_agree_where_no_accuracy_does() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut above = pairs(3, 0.0, &mut random);
        for pair in &mut above {
            let noise = (random.random::<f64>() - 0.5) * 0.004 + 0.01;
            (pair.accuracy, pair.baseline) = (pair.accuracy + noise, pair.baseline + noise);
        }
        let found = alone(Arm::APPROPRIATE, &above, true).unwrap();
        assert_eq!(found.difference.agreement, Agreement::Compatible);
        let levels = [found.accuracy.agreement, found.baseline.agreement];
        assert_eq!(levels, [Agreement::Incompatible; 2]);
    }

    #[test]
    fn without_a_spread_or_the_notebooks_recipe_there_is_no_verdict() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let one_seed = alone(Arm::APPROPRIATE, &pairs(1, 0.0, &mut random), true).unwrap();
        for mean in [one_seed.difference, one_seed.accuracy, one_seed.baseline] {
            assert_eq!((mean.prediction, mean.agreement), (None, Agreement::NotEnoughEvidence));
        }
        let short = alone(Arm::APPROPRIATE, &pairs(3, 0.0, &mut random), false).unwrap();
        assert_eq!(short.accuracy.agreement, Agreement::NotEnoughEvidence);
        assert!(short.difference.prediction.is_some());
        assert_eq!(short.difference.agreement, Agreement::NotEnoughEvidence);
        assert_eq!(alone(Arm::FROBENIUS, &pairs(2, 0.0, &mut random), true), None);
        assert_eq!(alone(Arm::APPROPRIATE, &[], true), None);
    }

    #[test]
    fn the_interval_is_that_of_scipy() {
        let reference = &expected()["endpoint"];
        let ours: BTreeMap<u32, Vec<f64>> = (2..).zip(strata_of(reference).lists().iter().cloned()).collect();
        let found = prediction(&ours, reference["mean"].as_f64().unwrap()).unwrap();
        close(found.low, &reference["prediction"][0]);
        close(found.high, &reference["prediction"][1]);
    }

    /// The interval is about another study, not about the truth: over simulated pairs of studies it must
    /// contain the second study's mean as often as its nominal coverage says.
    #[test]
    fn a_second_study_falls_into_the_interval_as_often_as_it_says() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let mut noise = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let holds = (0..2000).filter(|_| {
            let ours: BTreeMap<u32, Vec<f64>> =
                (0..5).map(|r| (r, (0..3).map(|_| noise()).collect())).collect();
            let mean = ours.values().flatten().sum::<f64>() / 15.0;
            let interval = prediction(&ours, mean).unwrap();
            let second = (0..5).map(|_| noise()).sum::<f64>() / 5.0;
            (interval.low..=interval.high).contains(&second)
        });
        let share = holds.count() as f64 / 2000.0;
        assert!((0.935..=0.965).contains(&share), "{share}");
    }
}
