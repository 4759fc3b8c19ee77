//! The stratified mean, by Student's t.
//!
//! Each stratum has a variance of its own: the squared standard error of the mean over R strata is
//! `sum(s^2 / n) / R^2`, and its degrees of freedom are Satterthwaite's (F. E. Satterthwaite, "An approximate
//! distribution of estimates of variance components", Biometrics Bulletin 2, 1946):
//! `sum(s^2 / n)^2 / sum((s^2 / n)^2 / (n - 1))`.
//!
//! *Invariant:* differences without a spread have no estimate.

use crate::stats::strata::Strata;
use crate::stats::student::{Student, is_rounding, sum_of_squares};

/// Estimates the mean over strata of their means; `None` if a stratum has a single difference, or if no
/// stratum varies.
#[must_use]
pub fn stratified(strata: &Strata) -> Option<Student> {
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
    Student::new(strata.mean(), sum.sqrt() / strata.lists().len() as f64, sum * sum / squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{close, expected, strata_of};
    use proptest::prelude::*;

    #[test]
    fn the_estimate_is_that_of_numpy_and_scipy() {
        let reference = &expected()["endpoint"];
        let found = stratified(&strata_of(reference)).unwrap();
        close(found.value, &reference["mean"]);
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
        let found = stratified(&strata).unwrap();
        close(found.p(), &reference["p"]);
        close(found.freedom, &reference["freedom"]);
    }

    #[test]
    fn no_spread_is_no_certainty() {
        let of = |lists: &[&[f64]]| stratified(&Strata::new(lists.iter().map(|list| list.to_vec())).unwrap());
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
            let Some(found) = stratified(&Strata::new(moved).unwrap()) else { return Ok(()) };
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
