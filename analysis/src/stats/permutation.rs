//! The sign-flip permutation test of the mean over strata.
//!
//! If the arm makes no difference, the two runs of a pair are exchangeable: every difference is as likely
//! with either sign (Fisher, "The design of experiments", 1935, section 21). The p value is the fraction of
//! sign patterns whose mean is at least as far from zero as the observed one. Up to [`EXACT_PAIRS`] pairs
//! every pattern is counted; beyond that a random sample is, which includes the observed pattern (Phipson and
//! Smyth, "Permutation p-values should never be zero", arXiv 1603.05766).
//!
//! *Invariant:* the p value is two-sided, above 0 and at most 1; the same differences and seed give the same
//! p value.

use crate::stats::strata::Strata;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The largest number of pairs for which all `2^pairs` sign patterns are counted.
pub const EXACT_PAIRS: usize = 16;
/// The number of sign patterns that are drawn for more pairs.
pub const PATTERNS: usize = 50_000;
/// Means that differ by less than this fraction of the largest possible mean count as tied, because sums are
/// rounded.
const TIE: f64 = 1e-12;

/// Returns the two-sided p value of [`Strata::mean`].
#[must_use]
pub fn sign_flip(strata: &Strata, seed: u64) -> f64 {
    let contributions = strata.contributions();
    let largest: f64 = contributions.iter().map(|c| c.abs()).sum();
    let seen = contributions.iter().sum::<f64>().abs() - TIE * largest;
    if contributions.len() <= EXACT_PAIRS {
        exact(&contributions, seen)
    } else {
        sampled(&contributions, seen, seed)
    }
}

fn exact(contributions: &[f64], seen: f64) -> f64 {
    let patterns = 1u64 << contributions.len();
    let extreme = (0..patterns).filter(|pattern| flipped(contributions, *pattern).abs() >= seen).count();
    extreme as f64 / patterns as f64
}

fn sampled(contributions: &[f64], seen: f64, seed: u64) -> f64 {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut mean = || contributions.chunks(64).map(|chunk| flipped(chunk, random.next_u64())).sum::<f64>();
    let extreme = (0..PATTERNS).filter(|_| mean().abs() >= seen).count();
    (extreme + 1) as f64 / (PATTERNS + 1) as f64
}

/// Sums the contributions, with the sign of contribution `i` flipped where bit `i` of the pattern is set.
fn flipped(contributions: &[f64], pattern: u64) -> f64 {
    contributions.iter().enumerate().map(|(i, c)| if pattern >> i & 1 == 1 { -c } else { *c }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{close, expected, strata_of};
    use proptest::prelude::*;

    fn p(lists: &[&[f64]]) -> f64 {
        sign_flip(&Strata::new(lists.iter().map(|list| list.to_vec())).unwrap(), 0)
    }

    /// The number of patterns, of `2^pairs`, behind the p value.
    fn counted(lists: &[&[f64]]) -> u32 {
        let pairs: usize = lists.iter().map(|list| list.len()).sum();
        (p(lists) * f64::from(1 << pairs)).round() as u32
    }

    #[test]
    fn small_cases_by_hand() {
        assert_eq!(counted(&[&[0.3]]), 2);
        // Two of 8 patterns: +++ and ---.
        assert_eq!(counted(&[&[0.1, 0.2, 0.3]]), 2);
        // |1 + 2 - 3| = 0, so every pattern is at least as extreme.
        assert_eq!(counted(&[&[1.0, 2.0, -3.0]]), 8);
        // 0.1 + 0.2 and 0.3 are tied although the sums differ in the last bit.
        assert_eq!(counted(&[&[0.1, 0.2], &[-0.3, 0.6]]), 10);
        assert_eq!(counted(&[&[0.0, 0.0], &[0.0]]), 8);
        // Two of 2^10 patterns.
        assert_eq!(counted(&[&[0.1; 5], &[0.2; 5]]), 2);
    }

    #[test]
    fn p_is_that_of_scipy() {
        let reference = &expected()["endpoint"];
        let strata = strata_of(reference);
        close(strata.mean(), &reference["mean"]);
        close(sign_flip(&strata, 0), &reference["sign_flip"]);
    }

    #[test]
    fn a_sample_of_patterns_agrees_with_all_of_them() {
        let contributions: Vec<f64> = (0..14).map(|i| f64::from((i * 37) % 11 - 4) / 14.0).collect();
        let seen = contributions.iter().sum::<f64>().abs() - 1e-12;
        let (all, some) = (exact(&contributions, seen), sampled(&contributions, seen, 5));
        assert!((all - some).abs() < 0.01, "{all} {some}");
        assert!(p(&[&[1.0; 40]]) > 0.0 && p(&[&[1.0; 40]]) < 1e-4);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn p_is_a_probability_that_ignores_the_sign_and_the_unit(
            lists in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 1..4), 1..4), unit in 0.001..100.0f64,
        ) {
            let strata = Strata::new(lists.clone()).unwrap();
            let here = sign_flip(&strata, 3);
            let scaled = lists.into_iter().map(|list| list.into_iter().map(|d| -d * unit).collect());
            prop_assert!(here > 0.0 && here <= 1.0);
            let there = sign_flip(&Strata::new(scaled).unwrap(), 3);
            prop_assert_eq!(here.to_bits(), there.to_bits());
        }
    }
}
