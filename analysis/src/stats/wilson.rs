//! Wilson's interval of a proportion.

use crate::stats::LEVEL;
use artifacts::study::Interval;
use statrs::distribution::{ContinuousCDF, Normal};

/// Wilson's score interval of a proportion ("Probable inference, the law of succession, and statistical
/// inference", Journal of the American Statistical Association 22, 1927).
#[must_use]
pub fn wilson(wins: f64, of: f64) -> Interval {
    let (z, share) = (Normal::standard().inverse_cdf(f64::midpoint(1.0, LEVEL)), wins / of);
    let denominator = 1.0 + z * z / of;
    let middle = (share + z * z / (2.0 * of)) / denominator;
    let reach = z / denominator * (share * (1.0 - share) / of + z * z / (4.0 * of * of)).sqrt();
    Interval { low: (middle - reach).max(0.0), high: (middle + reach).min(1.0), level: LEVEL }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{close, expected};

    #[test]
    fn intervals_of_a_share_are_those_of_statsmodels() {
        for case in expected()["wilson"].as_array().unwrap() {
            let [wins, of] = ["wins", "of"].map(|key| case[key].as_f64().unwrap());
            let found = wilson(wins, of);
            close(found.low, &case["interval"][0]);
            close(found.high, &case["interval"][1]);
        }
    }
}
