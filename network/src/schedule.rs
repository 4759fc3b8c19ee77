//! The learning rate of every update.
//!
//! Update `k = 1, 2, ..., total` uses `peak * (1 + cos(pi * k / total)) / 2`: half a cosine whose last value
//! is zero, after Loshchilov and Hutter, arXiv 1608.03983, without restarts. A constant course keeps the
//! peak.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;
use std::fmt;

/// Momentum of the Nesterov update: `v = m v + g; p -= rate * (g + m v)`.
pub const MOMENTUM: f64 = 0.9;

/// Learning rates of one update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningRates {
    /// The rate of `contract` and `expand`.
    pub factors: f64,
    /// The rate of every other parameter.
    pub rest: f64,
}

/// The course of a learning rate over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// The rate falls from the peak to zero along half a cosine.
    #[default]
    Cosine,
    /// The rate stays at the peak.
    Constant,
}

/// The courses of the two kinds of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// The course of `contract` and `expand`.
    pub factors: Course,
    /// The course of every other parameter.
    pub rest: Course,
}

impl Course {
    fn rate(self, peak: f64, k: usize, total: usize) -> f64 {
        match self {
            Self::Cosine => peak * 0.5 * ((PI * k as f64 / total as f64).cos() + 1.0),
            Self::Constant => peak,
        }
    }
}

impl Schedule {
    /// All parameters follow the cosine.
    pub const COSINE: Self = Self { factors: Course::Cosine, rest: Course::Cosine };

    /// Returns the rates of update `k` (counted from 1) of `total`.
    #[must_use]
    pub fn rates(self, peak: f64, k: usize, total: usize) -> LearningRates {
        LearningRates { factors: self.factors.rate(peak, k, total), rest: self.rest.rate(peak, k, total) }
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cosine => "cosine",
            Self::Constant => "constant peak",
        })
    }
}

/// The courses, as tables and reports print them.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.factors == self.rest {
            self.rest.fmt(f)
        } else {
            write!(f, "{} for the factors, {} for the rest", self.factors, self.rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_cosine_from_the_peak_to_zero() {
        let at = |k| Schedule::COSINE.rates(0.2, k, 100).factors;
        assert!(at(1) < 0.2 && at(1) > 0.1999);
        assert!((at(50) - 0.1).abs() < 1e-12);
        assert!(at(100).abs() < 1e-12);
    }

    #[test]
    fn each_kind_of_parameter_has_its_own_course() {
        let schedule = Schedule { factors: Course::Constant, rest: Course::Cosine };
        assert_eq!(schedule.rates(0.2, 7, 9).factors, 0.2);
        assert_eq!(schedule.rates(0.2, 7, 9).rest, Schedule::COSINE.rates(0.2, 7, 9).rest);
    }
}
