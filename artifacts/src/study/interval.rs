//! Confidence intervals.

use serde::{Deserialize, Serialize};

/// A confidence or prediction interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The nominal coverage, for example 0.95.
    pub level: f64,
}
