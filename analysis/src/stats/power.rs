//! Power and sample size of stratified t tests.
//!
//! All strata are assumed to have one standard deviation and equally many pairs. Given `s`, the ratio of the
//! estimated to the true standard error, the mean is normal; the power of a t test is the expectation over
//! `s`, the square root of chi squared over its degrees of freedom.
//!
//! *Invariant:* more pairs never have less power.

use statrs::distribution::{Chi, Continuous, ContinuousCDF, Normal, StudentsT};

/// The largest number of seeds that is searched.
const MOST_SEEDS: usize = 100_000;
/// The number of steps of the midpoint rule.
const STEPS: u32 = 4000;

/// A planned study: the number of strata, the pairs in each, and the standard deviation of their differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BalancedDesign {
    /// The number of strata.
    pub strata: usize,
    /// The number of pairs in each stratum.
    pub seeds: usize,
    /// The standard deviation of a pair's difference.
    pub sd: f64,
}

impl BalancedDesign {
    /// Returns the standard error of the mean.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.sd / ((self.strata * self.seeds) as f64).sqrt()
    }

    fn freedom(&self) -> usize {
        self.strata * (self.seeds - 1)
    }

    /// Returns half the width of the interval of level `1 - alpha`, if the standard deviation turns out as
    /// assumed.
    #[must_use]
    pub fn half_width(&self, alpha: f64) -> f64 {
        critical(alpha / 2.0, self.freedom()) * self.error()
    }

    /// Returns the power to detect a true difference of `effect` at two-sided level `alpha`.
    #[must_use]
    pub fn power(&self, effect: f64, alpha: f64) -> f64 {
        let (t, shift) = (critical(alpha / 2.0, self.freedom()), effect.abs() / self.error());
        mean_over_spread(self.freedom(), |s| phi(shift - t * s) + phi(-shift - t * s))
    }

    /// Returns the power of two one-sided tests, each at level `alpha`, to show that a true difference of
    /// zero lies within the margin.
    #[must_use]
    pub fn power_of_equivalence(&self, margin: f64, alpha: f64) -> f64 {
        let (t, width) = (critical(alpha, self.freedom()), margin / self.error());
        mean_over_spread(self.freedom(), |s| (2.0 * phi(width - t * s) - 1.0).max(0.0))
    }

    /// Returns the smallest difference that is detected with this power.
    #[must_use]
    pub fn detectable(&self, power: f64, alpha: f64) -> f64 {
        let (mut low, mut high) = (0.0, 100.0 * self.error());
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            *(if self.power(middle, alpha) < power { &mut low } else { &mut high }) = middle;
        }
        high
    }
}

/// Returns the fewest seeds per stratum for which `enough` holds; `None` if more than the searched range is
/// needed.
#[must_use]
pub fn seeds_needed(strata: usize, sd: f64, enough: impl Fn(BalancedDesign) -> bool) -> Option<usize> {
    let at = |seeds| enough(BalancedDesign { strata, seeds, sd });
    let mut high = 2;
    while !at(high) {
        if high >= MOST_SEEDS {
            return None;
        }
        high *= 2;
    }
    let mut low = if high == 2 { return Some(2) } else { high / 2 };
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        *(if at(middle) { &mut high } else { &mut low }) = middle;
    }
    Some(high)
}

fn phi(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// Returns the upper critical value of Student's t for this tail probability.
fn critical(tail: f64, freedom: usize) -> f64 {
    let student = StudentsT::new(0.0, 1.0, freedom as f64).expect("two pairs leave a degree of freedom");
    student.inverse_cdf(1.0 - tail)
}

/// Returns the expectation of a function of the square root of chi squared over its degrees of freedom, by
/// the midpoint rule.
fn mean_over_spread(freedom: usize, of: impl Fn(f64) -> f64) -> f64 {
    let root = (freedom as f64).sqrt();
    let chi = Chi::new(freedom as u64).expect("at least one degree of freedom");
    // The chi distribution has a standard deviation below 0.71 and a mean close to `root`.
    let (from, to) = ((root - 7.0).max(0.0), root + 7.0);
    let step = (to - from) / f64::from(STEPS);
    let value = |at: u32| {
        let x = from + (f64::from(at) + 0.5) * step;
        chi.pdf(x) * of(x / root)
    };
    (0..STEPS).map(value).sum::<f64>() * step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::expected;
    use proptest::prelude::*;

    #[test]
    fn power_is_that_of_scipys_noncentral_t() {
        for case in expected()["power"].as_array().unwrap() {
            let number = |key: &str| case[key].as_f64().unwrap();
            let design = BalancedDesign {
                strata: number("strata") as usize,
                seeds: number("seeds") as usize,
                sd: number("sd"),
            };
            let found = [
                design.power(number("effect"), number("alpha")),
                design.half_width(number("alpha")),
                design.power_of_equivalence(number("margin"), number("alpha")),
            ];
            for (found, key) in found.into_iter().zip(["power", "half_width", "equivalence"]) {
                assert!((found - number(key)).abs() < 1e-5, "{key}: {found} against {case}");
            }
        }
    }

    #[test]
    fn the_seeds_needed_are_just_enough() {
        let enough = |design: BalancedDesign| design.power(0.002, 0.05) >= 0.8;
        let seeds = seeds_needed(3, 0.003, enough).unwrap();
        assert!(enough(BalancedDesign { strata: 3, seeds, sd: 0.003 }));
        assert!(!enough(BalancedDesign { strata: 3, seeds: seeds - 1, sd: 0.003 }));
        assert_eq!(seeds_needed(3, 0.003, |design| design.power(1.0, 0.05) > 0.8), Some(2));
        assert_eq!(seeds_needed(3, 0.003, |_| false), None);
        let design = BalancedDesign { strata: 3, seeds, sd: 0.003 };
        assert!((design.power(design.detectable(0.8, 0.05), 0.05) - 0.8).abs() < 1e-6);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn power_is_a_probability_that_grows_with_seeds(
            strata in 1usize..12, seeds in 2usize..40, effect in 0.0..0.01f64, alpha in 0.001..0.2f64,
        ) {
            let design = |seeds| BalancedDesign { strata, seeds, sd: 0.003 };
            let (here, more) = (design(seeds).power(effect, alpha), design(seeds + 1).power(effect, alpha));
            prop_assert!((0.0..=1.0 + 1e-6).contains(&here) && more >= here - 1e-5, "{here} {more}");
            let found = design(seeds).power_of_equivalence(0.001, alpha);
            prop_assert!((0.0..=1.0).contains(&found));
        }
    }
}
