//! The primary endpoint of an arm: its estimate and its verdict.

use super::interval::Interval;
use super::secondary::Secondary;
use network::Arm;
use serde::{Deserialize, Serialize};

/// What may be said of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The arm is better.
    Better,
    /// The arm is worse.
    Worse,
    /// The difference lies within the margin that would matter.
    NoMeaningfulDifference,
    /// Nothing can be said; what is missing is named.
    NotEnoughEvidence,
}

/// How large a difference is that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// Its interval lies wholly beyond the margin.
    Relevant,
    /// It lies within the margin.
    Negligible,
    /// Neither is shown.
    Open,
}

/// What a comparison is to the experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The one that is asked about.
    Primary,
    /// One of the others, whose p values are adjusted for their number.
    Secondary,
}

/// The primary endpoint of one arm: mean over networks of (arm - baseline) last-epoch test accuracy, paired by (network, seed).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The arm under test.
    pub decay: Arm,
    /// The arm it is compared with.
    pub baseline: Arm,
    /// What its runs share.
    pub recipe: String,
    /// Their base strength of weight decay.
    pub lambda: f64,
    /// What it is to the experiment.
    pub role: Role,
    /// Two-sided level that it is judged at.
    pub alpha: f64,
    /// Differences within this do not matter.
    pub margin: f64,
    /// Rankscales with at least one pair.
    pub rankscales: Vec<u32>,
    /// Pairs in all, each (network, seed) once.
    pub pairs: u32,
    /// Fewest pairs of a network.
    pub seeds: u32,
    /// Mean over networks of the mean difference; none without a pair.
    pub difference: Option<f64>,
    /// Standard error, degrees of freedom, intervals and p; none where there is no spread to go by.
    pub certainty: Option<Certainty>,
    /// The F test of one mean for all networks; none for a single network, or without a spread.
    pub heterogeneity: Option<Heterogeneity>,
    /// Runs without a result because they diverged, of the arm and of its baseline.
    pub diverged: [u32; 2],
    /// The look that these numbers are of; none where all pairs there are were taken.
    pub look: Option<u32>,
    /// The verdict.
    pub verdict: Verdict,
    /// How large the difference is; none where none was found.
    pub size: Option<Size>,
    /// What the verdict must be read with, in words.
    pub qualifiers: Vec<String>,
    /// In what the runs differ from those that the question asks for, and still answer it.
    pub differs: Vec<String>,
    /// The verdict as a clause, with the arms in backticks and without a full stop.
    pub says: String,
    /// The rule that gave the verdict, in words.
    pub rule: String,
    /// What is missing for a better founded verdict, one item a line.
    pub missing: Vec<String>,
    /// What else is said of the arm.
    pub secondary: Secondary,
}

impl Endpoint {
    /// The interval of level `1 - alpha`.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        self.certainty.map(|certainty| certainty.interval)
    }

    /// The p that is judged: adjusted where others were looked at as well.
    #[must_use]
    pub fn p(&self) -> Option<f64> {
        self.certainty.map(|certainty| certainty.p_adjusted.unwrap_or(certainty.p))
    }
}

/// How well a mean difference is known, by Student's t.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certainty {
    /// Standard error.
    pub error: f64,
    /// Its degrees of freedom, by Satterthwaite.
    pub freedom: f64,
    /// The interval of level `1 - alpha`: zero lies outside exactly where `p` is below alpha.
    pub interval: Interval,
    /// The interval of level `1 - 2 alpha`, for two one-sided tests.
    pub equivalence: Interval,
    /// Two-sided p of no difference.
    pub p: f64,
    /// The same adjusted over the secondary comparisons; none for the primary one.
    pub p_adjusted: Option<f64>,
    /// p of a difference beyond the margin: the larger of two one-sided ones.
    pub p_equivalence: f64,
    /// The same adjusted over the secondary comparisons; none for the primary one.
    pub p_equivalence_adjusted: Option<f64>,
}

/// A test of one mean for several groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heterogeneity {
    /// Mean square between groups over that within.
    pub f: f64,
    /// Degrees of freedom between and within.
    pub freedom: [u32; 2],
    /// The p of F.
    pub p: f64,
}
