//! The standard normal distribution.

use statrs::distribution::{ContinuousCDF, Normal};

/// The value below which a share of it lies.
#[must_use]
pub fn quantile(share: f64) -> f64 {
    Normal::standard().inverse_cdf(share)
}
