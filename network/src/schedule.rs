//! The learning rate of every update.
//!
//! Update `k = 1, 2, ..., total` uses `peak * (1 + cos(pi * k / total)) / 2`: half a cosine whose last value is
//! zero, after Loshchilov and Hutter, arXiv 1608.03983, without restarts.

use crate::decay::Arm;
use std::f64::consts::PI;

/// Momentum of the Nesterov update: `v = m v + g; p -= rate * (g + m v)`.
pub const MOMENTUM: f64 = 0.9;

/// Learning rates of one update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningRates {
    /// Of `contract` and `expand`.
    pub factors: f64,
    /// Of every other parameter.
    pub rest: f64,
}

/// The rates of update `k` (counted from 1) of `total`.
#[must_use]
pub fn learning_rates(arm: Arm, peak: f64, k: usize, total: usize) -> LearningRates {
    let factors = peak * 0.5 * ((PI * k as f64 / total as f64).cos() + 1.0);
    LearningRates { factors, rest: if arm.keeps_rest_at_peak() { peak } else { factors } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_cosine_from_the_peak_to_zero() {
        let at = |k| learning_rates(Arm::Original, 0.2, k, 100).factors;
        assert!(at(1) < 0.2 && at(1) > 0.1999);
        assert!((at(50) - 0.1).abs() < 1e-12);
        assert!(at(100).abs() < 1e-12);
        assert!((learning_rates(Arm::PublishedAppropriate, 0.2, 100, 100).rest - 0.2).abs() < 1e-12);
    }
}
