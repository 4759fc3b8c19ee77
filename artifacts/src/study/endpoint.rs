//! The primary endpoint of an arm: its estimate and its verdict.

use super::interval::Interval;
use super::secondary::Secondary;
use network::Arm;
use serde::{Deserialize, Serialize};

/// The verdict on an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The arm is better.
    Better,
    /// The arm is worse.
    Worse,
    /// The difference lies within the margin.
    NoMeaningfulDifference,
    /// Nothing can be concluded; what is missing is named.
    NotEnoughEvidence,
}

/// The size of a difference that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// The interval lies entirely beyond the margin.
    Relevant,
    /// The difference lies within the margin.
    Negligible,
    /// Neither is shown.
    Open,
}

/// The role of a comparison in the experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The primary comparison.
    Primary,
    /// A secondary comparison, whose p values are adjusted for the number of comparisons.
    Secondary,
}

/// The primary endpoint of one arm: mean over networks of (arm - baseline) last-epoch test accuracy, paired
/// by (network, seed).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The arm under test.
    pub decay: Arm,
    /// The arm that it is compared with.
    pub baseline: Arm,
    /// The hash of the recipe that its runs share.
    pub recipe: String,
    /// The base strength of weight decay that its runs share.
    pub lambda: f64,
    /// The role of the comparison in the experiment.
    pub role: Role,
    /// The two-sided significance level of its judgement.
    pub alpha: f64,
    /// The margin within which a difference does not matter, a fraction.
    pub margin: f64,
    /// The rankscales with at least one pair.
    pub rankscales: Vec<u32>,
    /// The number of pairs, each (network, seed) counted once.
    pub pairs: u32,
    /// The number of pairs of the network with the fewest.
    pub seeds: u32,
    /// Mean over networks of the mean difference; `None` without a pair.
    pub difference: Option<f64>,
    /// Standard error, degrees of freedom, intervals and p values; `None` if the differences have no spread.
    pub certainty: Option<Certainty>,
    /// The F test of equal means of all networks; `None` for a single network, or without a spread.
    pub heterogeneity: Option<Heterogeneity>,
    /// The numbers of diverged runs of the arm and of its baseline.
    pub diverged: [u32; 2],
    /// The look that these numbers are of, in pairs per rankscale; `None` if all available pairs were taken.
    pub look: Option<u32>,
    /// The verdict.
    pub verdict: Verdict,
    /// The size of the difference; `None` if none was found.
    pub size: Option<Size>,
    /// Remarks that the verdict must be read with, in words.
    pub qualifiers: Vec<String>,
    /// Settings in which the runs differ from those of the question, but still answer it.
    pub differs: Vec<String>,
    /// The verdict as a clause, with the arms in backticks and without a full stop.
    pub says: String,
    /// The rule that gave the verdict, in words.
    pub rule: String,
    /// What is missing for a better founded verdict, one item per line.
    pub missing: Vec<String>,
    /// The secondary analyses of the arm.
    pub secondary: Secondary,
}

impl Endpoint {
    /// Returns the interval that the verdict rests on: for *no meaningful difference* that of level
    /// `1 - 2 alpha`, which lies within the margin, and otherwise that of level `1 - alpha`.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        let equivalent = self.verdict == Verdict::NoMeaningfulDifference;
        self.certainty.map(|found| if equivalent { found.equivalence } else { found.interval })
    }

    /// Says how many runs diverged, of which arm, so that their pairs are left out; `None` if none did.
    #[must_use]
    pub fn left_out(&self) -> Option<String> {
        let diverged = |(arm, runs): (Arm, u32)| match runs {
            0 => None,
            1 => Some(format!("1 run of `{arm}`")),
            runs => Some(format!("{runs} runs of `{arm}`")),
        };
        let [of_arm, of_baseline] = self.diverged;
        let found: Vec<String> =
            [(self.decay, of_arm), (self.baseline, of_baseline)].into_iter().filter_map(diverged).collect();
        let pairs = if of_arm + of_baseline == 1 { "its pair is" } else { "their pairs are" };
        (!found.is_empty()).then(|| format!("{} diverged, and {pairs} left out", found.join(" and ")))
    }

    /// Returns the p value that is judged: that of the primary comparison as it is, and that of a secondary
    /// one adjusted; `None` where a secondary comparison has none, because there can be no verdict on it.
    #[must_use]
    pub fn p(&self) -> Option<f64> {
        self.judged(|found| (found.p, found.p_adjusted))
    }

    /// Returns the p value of the equivalence test that is judged, as [`Endpoint::p`] does.
    #[must_use]
    pub fn p_equivalence(&self) -> Option<f64> {
        self.judged(|found| (found.p_equivalence, found.p_equivalence_adjusted))
    }

    fn judged(&self, of: impl Fn(&Certainty) -> (f64, Option<f64>)) -> Option<f64> {
        let (plain, adjusted) = of(self.certainty.as_ref()?);
        if self.role == Role::Primary { Some(plain) } else { adjusted }
    }
}

/// The certainty of a mean difference, by Student's t.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certainty {
    /// The standard error.
    pub error: f64,
    /// Satterthwaite's degrees of freedom of the standard error.
    pub freedom: f64,
    /// The interval of level `1 - alpha`: zero lies outside exactly if `p` is below alpha.
    pub interval: Interval,
    /// The interval of level `1 - 2 alpha`, which corresponds to two one-sided tests at level alpha.
    pub equivalence: Interval,
    /// The two-sided p value of no difference.
    pub p: f64,
    /// The p value adjusted over the secondary comparisons; `None` for the primary one, and where there can
    /// be no verdict.
    pub p_adjusted: Option<f64>,
    /// The p value of the equivalence test: the larger one of two one-sided tests against the margin.
    pub p_equivalence: f64,
    /// That p value adjusted over the secondary comparisons; `None` as for `p_adjusted`.
    pub p_equivalence_adjusted: Option<f64>,
}

/// The F test of equal means of several groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heterogeneity {
    /// The F statistic: the mean square between groups over that within.
    pub f: f64,
    /// The degrees of freedom between and within groups.
    pub freedom: [u32; 2],
    /// The p value of F.
    pub p: f64,
}
