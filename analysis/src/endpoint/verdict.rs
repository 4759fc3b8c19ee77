//! What may be said of an endpoint, and the rule that says it.
//!
//! The rules are constants with their reasons, fixed before any result was looked at; [`rules`] is the text of all of
//! them for the report. A verdict other than *not enough evidence* is an answer to the question as it was asked:
//! CIFAR-10, 128 epochs, the whole network. Fewer epochs or images still give a difference, but no answer.
//!
//! *Invariant:* an obstacle of any kind, or a missing interval, gives *not enough evidence*.

use crate::stats::LEVEL;
use crate::stats::bootstrap::RESAMPLES;
use crate::stats::permutation::{EXACT_PAIRS, PATTERNS};
use artifacts::study::{Interval, Verdict};

/// Differences within this margin do not matter: 0.1 points is half the run-to-run sd of a CIFAR-10 `ResNet` (0.15 to 0.25 points:
/// Jordan, arXiv 2304.01910), so nobody who trains one network would notice, and ten images of the test set.
pub const MARGIN: f64 = 0.001;
/// Fewest seeds at every rankscale for an interval: two differences have a spread, but no idea of its error.
pub const MINIMUM_SEEDS: usize = 3;
/// Fewest pairs in all for an interval: with nine, sign flips can reach p = 2/512, and at least six degrees of freedom
/// stand behind the interval.
pub const MINIMUM_PAIRS: usize = 9;
/// Seeds that the decisive study has; a verdict from fewer is allowed, but says so.
pub const WANTED_SEEDS: usize = 5;
/// Fewest epochs: the question is about networks trained for 128. Decay acts through the sum of the rates, and has
/// hardly begun to where the schedule is a few epochs long.
pub const MINIMUM_EPOCHS: usize = 128;
/// Largest p of a verdict `better` or `worse`.
pub const SIGNIFICANCE: f64 = 0.05;

/// A verdict and the rule that gave it, in words. `obstacles` is why there can be none other than *not enough evidence*.
#[must_use]
pub fn judge(interval: Option<Interval>, p: Option<f64>, obstacles: &[String]) -> (Verdict, String) {
    let (Some(Interval { low, high, .. }), Some(p)) = (interval, p) else {
        let needed = format!(
            "an interval needs at least {MINIMUM_SEEDS} seeds at every rankscale and {MINIMUM_PAIRS} pairs in all"
        );
        return (Verdict::NotEnoughEvidence, needed);
    };
    if let [first, others @ ..] = obstacles {
        let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
        let rule = format!("the runs are not those the question asks for: {first}{more}");
        return (Verdict::NotEnoughEvidence, rule);
    }
    let (percent, margin) = (LEVEL * 100.0, MARGIN * 100.0);
    if -MARGIN < low && high < MARGIN {
        let rule = format!("the {percent} % interval lies within {margin} points of zero");
        return (Verdict::NoMeaningfulDifference, rule);
    }
    if p <= SIGNIFICANCE && low > 0.0 {
        let rule = format!("the {percent} % interval lies above zero, and p is at most {SIGNIFICANCE}");
        return (Verdict::Better, rule);
    }
    if p <= SIGNIFICANCE && high < 0.0 {
        let rule = format!("the {percent} % interval lies below zero, and p is at most {SIGNIFICANCE}");
        return (Verdict::Worse, rule);
    }
    let rule = format!(
        "the {percent} % interval reaches beyond {margin} points, and does not lie on one side of zero with p at most \
         {SIGNIFICANCE}"
    );
    (Verdict::NotEnoughEvidence, rule)
}

/// Every rule in words, for the report.
#[must_use]
pub fn rules() -> Vec<String> {
    let (percent, margin) = (LEVEL * 100.0, MARGIN * 100.0);
    vec![
        "Endpoint: the mean over rankscales of the mean difference in last-epoch test accuracy, arm minus baseline, paired \
         by rankscale and seed. The dense network (rankscale 0) does not enter."
            .to_owned(),
        "Baseline: original; for published-appropriate, published-original.".to_owned(),
        format!(
            "Interval: {percent} %, by a percentile bootstrap stratified by rankscale ({RESAMPLES} resamples of n - 1 of \
             n differences, percentiles expanded for few degrees of freedom, fixed seed)."
        ),
        format!(
            "p: two-sided, by flipping the signs of the pairs; exact up to {EXACT_PAIRS} pairs, from {PATTERNS} random \
             patterns (fixed seed) beyond."
        ),
        format!(
            "Interval and p need at least {MINIMUM_SEEDS} seeds at every rankscale and {MINIMUM_PAIRS} pairs in all."
        ),
        "Besides, and without a say in the verdict: the mean of each rankscale and arm (Student's t, one standard deviation an \
         arm), the difference at each rankscale (Student's t, p adjusted by Holm's method), the share of pairs that the arm wins \
         (Wilson's interval), the slope of the difference against the logarithm of compression (least squares), the spread from \
         seed to seed, images that only one of two runs gets right (McNemar's exact test, Holm), the 2018 notebook's mean held \
         against a prediction interval, and rankscales that build one network held against each other."
            .to_owned(),
        format!("No meaningful difference: the interval lies within {margin} points of zero."),
        format!("Better or worse: the interval lies on one side of zero, and p is at most {SIGNIFICANCE}."),
        format!(
            "Not enough evidence: none of these; or a planned run is not done; or fewer than {MINIMUM_EPOCHS} epochs, a \
             subset of the images, or a network of another width."
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(low: f64, high: f64, p: f64) -> Verdict {
        judge(Some(Interval { low, high, level: LEVEL }), Some(p), &[]).0
    }

    #[test]
    fn the_interval_and_p_decide() {
        assert_eq!(verdict(0.001, 0.005, 0.01), Verdict::Better);
        assert_eq!(verdict(-0.005, -0.001, 0.01), Verdict::Worse);
        assert_eq!(verdict(-0.0005, 0.0005, 0.8), Verdict::NoMeaningfulDifference);
        assert_eq!(verdict(-0.001, 0.004, 0.2), Verdict::NotEnoughEvidence);
        assert_eq!(verdict(0.001, 0.005, 0.06), Verdict::NotEnoughEvidence);
    }

    #[test]
    fn a_difference_too_small_to_matter_is_not_called_better() {
        assert_eq!(verdict(0.0002, 0.0008, 0.001), Verdict::NoMeaningfulDifference);
    }

    #[test]
    fn an_obstacle_or_no_interval_is_not_enough_evidence() {
        let interval = Some(Interval { low: 0.01, high: 0.02, level: LEVEL });
        let obstacles = ["4 of 128 epochs".to_owned(), "1 run diverged".to_owned()];
        let (verdict, rule) = judge(interval, Some(0.001), &obstacles);
        assert_eq!(verdict, Verdict::NotEnoughEvidence);
        assert!(rule.contains("4 of 128 epochs, and 1 more"), "{rule}");
        assert_eq!(judge(None, None, &[]).0, Verdict::NotEnoughEvidence);
    }
}
