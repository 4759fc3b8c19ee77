//! A p value for the mean over rankscales, by flipping signs.
//!
//! Where the arm makes no difference, the two runs of a pair could have swapped their names: every difference is as likely
//! with either sign (Fisher, "The design of experiments", 1935, section 21). The p value is the share of all sign
//! patterns whose mean is at least as far from zero as the one seen. Up to [`EXACT_PAIRS`] pairs every pattern is counted;
//! beyond that a random sample, where the seen pattern counts as one of them (Phipson and Smyth, "Permutation p-values
//! should never be zero", arXiv 1603.05766).
//!
//! *Invariant:* two-sided, above zero, at most one; the same differences and the same seed give the same p.

use crate::stats::strata::Strata;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Most pairs for which all `2^pairs` sign patterns are counted.
pub const EXACT_PAIRS: usize = 16;
/// Sign patterns drawn where there are more pairs.
pub const PATTERNS: usize = 50_000;
/// Means closer than this share of the largest possible one are equal: sums differ by rounding.
const TIE: f64 = 1e-12;

/// The two-sided p value of [`Strata::mean`].
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

/// The sum with the sign of contribution `i` flipped where bit `i` of the pattern is set.
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

    /// How many of `2^pairs` patterns the p value counts.
    fn counted(lists: &[&[f64]]) -> u32 {
        let pairs: usize = lists.iter().map(|list| list.len()).sum();
        (p(lists) * f64::from(1 << pairs)).round() as u32
    }

    #[test]
    fn small_cases_by_hand() {
        assert_eq!(counted(&[&[0.3]]), 2);
        // +++ and --- of 8 patterns.
        assert_eq!(counted(&[&[0.1, 0.2, 0.3]]), 2);
        // |1 + 2 - 3| = 0: every pattern is at least as far.
        assert_eq!(counted(&[&[1.0, 2.0, -3.0]]), 8);
        // 0.1 + 0.2 and 0.3 tie although their sums differ in the last bit.
        assert_eq!(counted(&[&[0.1, 0.2], &[-0.3, 0.6]]), 10);
        assert_eq!(counted(&[&[0.0, 0.0], &[0.0]]), 8);
        // 2 of 2^10 patterns.
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
