//! Heterogeneity: whether the strata have equal means.

use crate::stats::strata::Strata;
use crate::stats::student::{average, is_rounding, sum_of_squares};
use artifacts::study::Heterogeneity;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// The F test of equal means (one-way analysis of variance); `None` for a single stratum, or if nothing
/// varies within strata.
#[must_use]
pub fn heterogeneity(strata: &Strata) -> Option<Heterogeneity> {
    let lists = strata.lists();
    let (between_freedom, within_freedom) = (lists.len() - 1, strata.degrees_of_freedom());
    let pairs = strata.pairs() as f64;
    let grand = lists.iter().flatten().sum::<f64>() / pairs;
    let between: f64 = lists.iter().map(|list| list.len() as f64 * (average(list) - grand).powi(2)).sum();
    let within: f64 = lists.iter().map(|list| sum_of_squares(list)).sum();
    if between_freedom == 0 || within_freedom == 0 || is_rounding(within.sqrt(), lists.iter().flatten()) {
        return None;
    }
    let f = (between / between_freedom as f64) / (within / within_freedom as f64);
    let distribution = FisherSnedecor::new(between_freedom as f64, within_freedom as f64).ok()?;
    Some(Heterogeneity { f, freedom: [between_freedom as u32, within_freedom as u32], p: distribution.sf(f) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{close, expected, strata_of};

    #[test]
    fn the_test_is_that_of_scipy() {
        for case in expected()["heterogeneity"].as_array().unwrap() {
            let found = heterogeneity(&strata_of(case)).unwrap();
            close(found.f, &case["f"]);
            close(found.p, &case["p"]);
        }
    }

    #[test]
    fn nothing_to_compare_is_no_test() {
        let of =
            |lists: &[&[f64]]| heterogeneity(&Strata::new(lists.iter().map(|list| list.to_vec())).unwrap());
        assert_eq!(of(&[&[0.1, 0.2, 0.3]]), None);
        assert_eq!(of(&[&[0.1; 3], &[0.2; 3]]), None, "no spread within");
        assert_eq!(of(&[&[0.1], &[0.2]]), None);
    }
}
