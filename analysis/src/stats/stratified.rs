//! The stratified mean, by Student's t.
//!
//! Each stratum has a variance of its own: the squared standard error of the mean over R strata is
//! `sum(s^2 / n) / R^2`, and its degrees of freedom are Satterthwaite's (F. E. Satterthwaite, "An approximate
//! distribution of estimates of variance components", Biometrics Bulletin 2, 1946):
//! `sum(s^2 / n)^2 / sum((s^2 / n)^2 / (n - 1))`.
//!
//! *Invariant:* differences without a spread have no estimate; interval and p value come from one
//! distribution, so they agree.

use crate::stats::strata::Strata;
use crate::stats::student::{is_rounding, sum_of_squares};
use artifacts::study::Interval;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// An estimate, its standard error and the degrees of freedom of that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stratified {
    /// The mean over strata of the stratum means.
    pub mean: f64,
    /// Its standard error, above zero.
    pub error: f64,
    /// Degrees of freedom of the standard error.
    pub freedom: f64,
}

impl Stratified {
    /// Estimates the mean; `None` if a stratum has a single difference, or if no stratum varies.
    #[must_use]
    pub fn of(strata: &Strata) -> Option<Self> {
        if strata.fewest() < 2 {
            return None;
        }
        let (mut sum, mut squares) = (0.0, 0.0);
        for list in strata.lists() {
            let freedom = (list.len() - 1) as f64;
            let variance = sum_of_squares(list) / freedom / list.len() as f64;
            sum += variance;
            squares += variance * variance / freedom;
        }
        if is_rounding(sum.sqrt(), strata.lists().iter().flatten()) {
            return None;
        }
        let error = sum.sqrt() / strata.lists().len() as f64;
        Some(Self { mean: strata.mean(), error, freedom: sum * sum / squares })
    }

    /// Returns the two-sided p value of the null hypothesis that the mean is zero.
    #[must_use]
    pub fn p(&self) -> f64 {
        2.0 * self.student().cdf(-(self.mean / self.error).abs())
    }

    /// Returns the confidence interval with this nominal coverage.
    #[must_use]
    pub fn interval(&self, level: f64) -> Interval {
        let reach = self.error * self.student().inverse_cdf(f64::midpoint(1.0, level));
        Interval { low: self.mean - reach, high: self.mean + reach, level }
    }

    /// Returns the p value of the null hypothesis that the mean is at least `margin` away from zero: the
    /// larger one of two one-sided tests (D. J. Schuirmann, "A comparison of the two one-sided tests
    /// procedure and the power approach", Journal of Pharmacokinetics and Biopharmaceutics 15, 1987).
    #[must_use]
    pub fn p_equivalence(&self, margin: f64) -> f64 {
        let student = self.student();
        let below = student.cdf((self.mean - margin) / self.error);
        let above = student.cdf(-(self.mean + margin) / self.error);
        below.max(above)
    }

    /// Returns the posterior probability that the true mean lies within `margin` of zero, under a flat prior:
    /// the posterior is Student's t around the estimate.
    #[must_use]
    pub fn probability_within(&self, margin: f64) -> f64 {
        let student = self.student();
        student.cdf((margin - self.mean) / self.error) - student.cdf((-margin - self.mean) / self.error)
    }

    fn student(&self) -> StudentsT {
        StudentsT::new(0.0, 1.0, self.freedom).expect("a spread has degrees of freedom")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{close, expected, strata_of};
    use proptest::prelude::*;

    #[test]
    fn the_estimate_is_that_of_numpy_and_scipy() {
        let reference = &expected()["endpoint"];
        let found = Stratified::of(&strata_of(reference)).unwrap();
        close(found.mean, &reference["mean"]);
        close(found.error, &reference["error"]);
        close(found.freedom, &reference["freedom"]);
        close(found.p(), &reference["p"]);
        close(found.p_equivalence(0.001), &reference["p_equivalence"]);
        close(found.probability_within(0.001), &reference["probability_within"]);
        let interval = found.interval(0.9779);
        close(interval.low, &reference["interval"][0]);
        close(interval.high, &reference["interval"][1]);
    }

    #[test]
    fn two_strata_of_opposite_sign_are_welchs_test() {
        let reference = &expected()["welch"];
        let strata = strata_of(reference);
        let found = Stratified::of(&strata).unwrap();
        close(found.p(), &reference["p"]);
        close(found.freedom, &reference["freedom"]);
    }

    #[test]
    fn no_spread_is_no_certainty() {
        let of =
            |lists: &[&[f64]]| Stratified::of(&Strata::new(lists.iter().map(|list| list.to_vec())).unwrap());
        assert_eq!(of(&[&[0.001; 5], &[0.0013; 5]]), None);
        assert_eq!(of(&[&[0.1, 0.2], &[0.3]]), None, "a single difference has no spread");
        let one_varies = of(&[&[0.001; 3], &[0.001, 0.002, 0.004]]).unwrap();
        assert!((one_varies.freedom - 2.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn interval_and_p_agree(
            lists in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 2..6), 1..5),
            shift in -1.0..1.0f64, alpha in 0.01..0.2f64,
        ) {
            let moved = lists.iter().map(|list| list.iter().map(|d| d + shift).collect());
            let Some(found) = Stratified::of(&Strata::new(moved).unwrap()) else { return Ok(()) };
            let (interval, p) = (found.interval(1.0 - alpha), found.p());
            let holds = interval.low <= 0.0 && 0.0 <= interval.high;
            prop_assert!(holds == (p > alpha) || (p - alpha).abs() < 1e-6);
            let (narrow, margin) = (found.interval(1.0 - 2.0 * alpha), 0.3);
            let within = -margin < narrow.low && narrow.high < margin;
            let equivalent = found.p_equivalence(margin);
            prop_assert!(within == (equivalent <= alpha) || (equivalent - alpha).abs() < 1e-6);
        }
    }
}
