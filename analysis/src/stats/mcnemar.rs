//! `McNemar`'s exact test of two classifiers on the same images.

use statrs::distribution::{Binomial, DiscreteCDF};

/// Two-sided p value of `McNemar`'s exact test: under the null hypothesis, each image that only one run
/// classified correctly is equally likely to be either run's (Q. `McNemar`, "Note on the sampling error of
/// the difference between correlated proportions or percentages", Psychometrika 12, 1947).
#[must_use]
pub fn mcnemar(only_arm: u32, only_baseline: u32) -> f64 {
    let images = u64::from(only_arm + only_baseline);
    let coin = Binomial::new(0.5, images).expect("a half is a probability");
    (2.0 * coin.cdf(u64::from(only_arm.min(only_baseline)))).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{close, expected};

    #[test]
    fn the_exact_test_is_that_of_statsmodels() {
        for case in expected()["mcnemar"].as_array().unwrap() {
            let [arm, baseline] = ["only_arm", "only_baseline"].map(|key| case[key].as_u64().unwrap() as u32);
            close(mcnemar(arm, baseline), &case["p"]);
        }
        assert!((mcnemar(0, 0) - 1.0).abs() < 1e-12);
    }
}
