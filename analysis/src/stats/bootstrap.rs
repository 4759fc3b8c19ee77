//! A confidence interval for the mean over rankscales, by a bootstrap stratified by rankscale.
//!
//! The interval runs between two percentiles of resampled means. Cells hold three to five seeds, for which the plain
//! percentile bootstrap is too narrow in two ways; both have a known remedy, and both are used:
//! - a resample draws `n - 1` of a rankscale's `n` differences, not `n`, so that the variance of its mean is `s^2 / n` and
//!   not `(n - 1) / n` of it (Rao and Wu, JASA 83, 1988, page 231: "Resampling inference with complex survey data");
//! - the percentiles are at `Phi(-t)` and `Phi(t)`, where `t` is Student's quantile for `sum(n - 1)` degrees of freedom, not at
//!   2.5 and 97.5 (Hesterberg, "What teachers should know about the bootstrap", arXiv 1411.5279, section 4.4,
//!   the "expanded percentile interval").
//!
//! *Invariant:* the same differences and the same seed give the same interval, bit for bit.

use crate::stats::LEVEL;
use crate::stats::strata::Strata;
use artifacts::study::Interval;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Resampled means behind an interval.
pub const RESAMPLES: usize = 20_000;
/// The interval of [`Strata::mean`]; none where a rankscale has a single difference, whose spread is unknown.
#[must_use]
pub fn interval(strata: &Strata, seed: u64) -> Option<Interval> {
    if strata.fewest() < 2 {
        return None;
    }
    let mut means = resampled_means(strata, seed);
    means.sort_by(f64::total_cmp);
    let tail = expanded_tail(strata.degrees_of_freedom());
    Some(Interval { low: percentile(&means, tail), high: percentile(&means, 1.0 - tail), level: LEVEL })
}

fn resampled_means(strata: &Strata, seed: u64) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut resample = || {
        let means = strata.lists().iter().map(|list| {
            let draws = list.len() - 1;
            (0..draws).map(|_| list[random.random_range(0..list.len())]).sum::<f64>() / draws as f64
        });
        means.sum::<f64>() / strata.lists().len() as f64
    };
    (0..RESAMPLES).map(|_| resample()).collect()
}

/// The share of resampled means that lies beyond each end of the interval.
fn expanded_tail(degrees_of_freedom: usize) -> f64 {
    let student =
        StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).expect("two differences leave one degree");
    Normal::standard().cdf(student.inverse_cdf((1.0 - LEVEL) / 2.0))
}

/// By linear interpolation between order statistics (Hyndman and Fan's type 7, as numpy's default).
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * position.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{expected, numbers, strata_of};
    use proptest::prelude::*;

    /// Normal deviates by the sum of twelve uniform ones.
    fn normal(random: &mut ChaCha8Rng) -> f64 {
        (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
    }

    fn simulated(random: &mut ChaCha8Rng, rankscales: usize, seeds: usize) -> Strata {
        let list = |random: &mut ChaCha8Rng| (0..seeds).map(|_| normal(random)).collect();
        Strata::new((0..rankscales).map(|_| list(random)).collect::<Vec<_>>()).unwrap()
    }

    /// Of 400 simulated studies without an effect, how many intervals hold the truth.
    fn coverage(rankscales: usize, seeds: usize) -> f64 {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let holds = (0..400).filter(|&study| {
            let interval = interval(&simulated(&mut random, rankscales, seeds), study).unwrap();
            interval.low <= 0.0 && 0.0 <= interval.high
        });
        holds.count() as f64 / 400.0
    }

    #[test]
    fn intervals_of_simulated_studies_cover_the_truth_about_as_often_as_they_say() {
        for (rankscales, seeds) in [(3, 3), (9, 5)] {
            let found = coverage(rankscales, seeds);
            assert!((0.925..=0.98).contains(&found), "{rankscales} rankscales, {seeds} seeds: {found}");
        }
    }

    #[test]
    fn the_interval_is_that_of_numpy_but_for_the_draws() {
        let reference = &expected()["endpoint"];
        let found = interval(&strata_of(reference), 7).unwrap();
        let expected = numbers(&reference["bootstrap"]);
        // Theirs has a million resamples, ours 20,000: its ends waver by about a hundredth of its length.
        let tolerance = 0.03 * (expected[1] - expected[0]);
        assert!((found.low - expected[0]).abs() < tolerance, "{found:?} {expected:?}");
        assert!((found.high - expected[1]).abs() < tolerance, "{found:?} {expected:?}");
    }

    #[test]
    fn a_rankscale_with_a_single_seed_has_no_interval() {
        assert_eq!(interval(&Strata::new([vec![0.1, 0.2], vec![0.3]]).unwrap(), 0), None);
    }

    #[test]
    fn percentiles_are_those_of_numpy() {
        // numpy.percentile([1, 2, 4, 8], [0, 10, 50, 97.5, 100])
        for (share, expected) in [(0.0, 1.0), (0.1, 1.3), (0.5, 3.0), (0.975, 7.7), (1.0, 8.0)] {
            assert!((percentile(&[1.0, 2.0, 4.0, 8.0], share) - expected).abs() < 1e-12, "{share}");
        }
        // scipy.stats.norm.cdf(scipy.stats.t.ppf(0.025, [6, 36]))
        assert!((expanded_tail(6) - 0.007_204_303_674).abs() < 1e-9, "{}", expanded_tail(6));
        assert!((expanded_tail(36) - 0.021_275_327_536).abs() < 1e-9, "{}", expanded_tail(36));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn an_interval_moves_with_its_differences_and_holds_their_range(
            lists in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 2..6), 1..5), shift in -3.0..3.0f64,
        ) {
            let strata = Strata::new(lists.clone()).unwrap();
            let moved = Strata::new(lists.into_iter().map(|list| list.into_iter().map(|d| d + shift).collect())).unwrap();
            let (here, there) = (interval(&strata, 7).unwrap(), interval(&moved, 7).unwrap());
            prop_assert_eq!(here, interval(&strata, 7).unwrap());
            prop_assert!(here.low <= strata.mean() && strata.mean() <= here.high);
            prop_assert!((there.low - here.low - shift).abs() < 1e-9 && (there.high - here.high - shift).abs() < 1e-9);
        }
    }
}
