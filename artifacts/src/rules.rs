//! The rules of a verdict: constants with their reasons, and the text of all rules.
//!
//! The trainer seals the hash of the text before the first run of an experiment, `analysis` judges by the
//! constants, and the report prints the text. A verdict other than *not enough evidence* answers the question
//! as it was asked: CIFAR-10, 128 epochs, the whole network. Fewer epochs or images still give a difference,
//! but no answer.
//!
//! *Invariant:* verdicts depend only on what is here or in `[verdict]` of the experiment.

use crate::experiment::VerdictPlan;
use crate::stamp;
use crate::words::listed;

/// The equivalence margin of accuracies, unless an experiment states another: 0.1 points is half the
/// run-to-run standard deviation of a CIFAR-10 `ResNet` (0.15 to 0.25 points: Jordan, arXiv 2304.01910), so
/// nobody who trains one network would notice it, and it is ten images of the test set.
pub const MARGIN: f64 = 0.001;
/// Two-sided significance level of a verdict, unless an experiment states another.
pub const ALPHA: f64 = 0.05;
/// The fewest seeds at every rankscale for a verdict without planned looks: two differences have a spread,
/// but no idea of its error.
pub const MINIMUM_SEEDS: usize = 3;
/// The fewest pairs in all for a verdict without planned looks: they leave at least six degrees of freedom if
/// variances are equal.
pub const MINIMUM_PAIRS: usize = 9;
/// The fewest epochs: the question is about networks trained for 128. Decay acts through the sum of the
/// learning rates, and has hardly begun to act in a schedule of a few epochs.
pub const MINIMUM_EPOCHS: usize = 128;

/// Returns the rules, one per line, with those that an experiment states itself, and for arms that each have
/// their own strength (`tuned`).
#[must_use]
pub fn texts(plan: Option<&VerdictPlan>, tuned: bool) -> Vec<String> {
    let (alpha, margin) = plan.map_or((ALPHA, MARGIN), |plan| (plan.alpha, plan.margin));
    let margin = short(margin * 100.0);
    let (sure, wide) = (short(100.0 - 100.0 * alpha), short(100.0 - 200.0 * alpha));
    let mut rules = vec![
        "Endpoint: the mean over networks of the mean difference in last-epoch test accuracy, arm minus baseline. A pair shares network, seed, \
         recipe, λ and engine; every (network, seed) counts once, and every network the same, however many seeds it has. The dense network \
         (rankscale 0) does not enter. Accuracies are counts of images, and are compared as such."
            .to_owned(),
        "Interval and p: Student's t with a variance for each network and Satterthwaite's degrees of freedom. Without a spread there is none."
            .to_owned(),
        format!("Better or worse: p is at most {alpha}. Relevantly so where the {sure} % interval lies wholly beyond {margin} points."),
        format!(
            "No meaningful difference: the {wide} % interval lies within {margin} points of zero (two one-sided tests, each at {alpha}). \
             Where this and the rule before hold at once, both are said."
        ),
        format!(
            "If the networks differ (F test of equal means, Student's test at a rankscale adjusted by Holm's method, or the trend over log2 of \
             compression; p at most {alpha}), no meaningful difference is withheld. Better and worse are said to be an average over rankscales \
             that differ where the F test says so, or a rankscale differs from zero in the other direction."
        ),
        "A diverged run has no accuracy, and its pair is left out. No verdict favours an arm that diverged more often than the other, and \
         none says that there is no meaningful difference where a run diverged."
            .to_owned(),
        format!(
            "One comparison is primary. The others are secondary: their p values are adjusted over all of them by Holm's method and judged at {ALPHA}."
        ),
    ];
    rules.push(plan.map_or_else(
        || {
            format!(
                "Without planned looks, a verdict needs {MINIMUM_SEEDS} seeds at every rankscale and {MINIMUM_PAIRS} pairs in all, and every \
                 planned run done or diverged; it is exploratory."
            )
        },
        |plan| {
            format!(
                "Primary is `{}`. The data are looked at when every planned run of the first {} pairs of every rankscale is done or has \
                 diverged; a look uses exactly those runs, and the first look that reaches a verdict ends the study.",
                plan.primary,
                listed(&plan.looks.iter().map(usize::to_string).collect::<Vec<_>>())
            )
        },
    ));
    if tuned {
        rules.push(
            "Each arm is trained at a λ and a peak learning rate of its own, and compared with its baseline at that one's: such a pair shares \
             all but these."
                .to_owned(),
        );
    }
    rules.push(format!(
        "Not enough evidence: none of these; or fewer than {MINIMUM_EPOCHS} epochs, a subset of the images, a network of another width, or λ = 0."
    ));
    rules
}

/// Returns the SHA-256 of the rules' texts, joined by newlines: 64 hex digits.
#[must_use]
pub fn sha256(plan: Option<&VerdictPlan>, tuned: bool) -> String {
    stamp::sha256(texts(plan, tuned).join("\n").as_bytes())
}

/// Formats a number without rounding noise.
fn short(value: f64) -> String {
    format!("{}", (value * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::Arm;

    #[test]
    fn the_rules_of_an_experiment_are_its_own() {
        let plan =
            VerdictPlan { primary: Arm::APPROPRIATE, looks: vec![3, 6, 10], alpha: 0.0221, margin: 0.001 };
        let (own, general) = (texts(Some(&plan), false).join("\n"), texts(None, false).join("\n"));
        assert!(texts(Some(&plan), true).iter().any(|text| text.contains("of its own, and compared")));
        assert!(!own.contains("of its own, and compared"));
        for words in
            ["p is at most 0.0221", "the 97.79 % interval", "the 95.58 % interval", "first 3, 6 and 10 pairs"]
        {
            assert!(own.contains(words) && !general.contains(words), "{words}: {own}");
        }
        let wider = texts(Some(&VerdictPlan { margin: 0.007, ..plan.clone() }), false).join("\n");
        assert!(wider.contains("wholly beyond 0.7 points") && wider.contains("within 0.7 points"), "{wider}");
        assert_ne!(sha256(Some(&plan), false), sha256(None, false));
        assert_ne!(
            sha256(Some(&plan), false),
            sha256(Some(&VerdictPlan { margin: 0.002, ..plan.clone() }), false)
        );
    }
}
