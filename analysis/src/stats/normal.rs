//! The standard normal distribution.

use statrs::distribution::{ContinuousCDF, Normal};

/// Returns the value below which a fraction `share` of the distribution lies.
#[must_use]
pub fn quantile(share: f64) -> f64 {
    Normal::standard().inverse_cdf(share)
}
