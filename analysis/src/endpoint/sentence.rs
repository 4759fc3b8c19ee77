//! Puts a verdict into a sentence that claims no more than the verdict does.
//!
//! *Invariant:* everything that prints a verdict (terminal, report and page) prints this clause.

use crate::endpoint::verdict::Judgement;
use artifacts::study::{Endpoint, Size, Verdict};
use artifacts::words::{capital, level, many, points, reach};
use network::Arm;

/// The largest number of rankscales that are listed one by one.
const LISTED: usize = 4;

/// Formats the verdict as a clause without a full stop. `exploratory` says that the comparison was not fixed
/// before the data were seen.
#[must_use]
pub fn clause(
    [arm, baseline]: [Arm; 2],
    rankscales: &[u32],
    judged: &Judgement,
    differs: &[String],
    exploratory: bool,
) -> String {
    let (arm, baseline) = (subject(arm, baseline), format!("`{baseline}`"));
    let better = |word: &str| match judged.size {
        Some(Size::Relevant) => format!("{arm} is relevantly {word} than {baseline}"),
        Some(Size::Negligible) => {
            format!("{arm} is {word} than {baseline}, by an amount too small to matter")
        }
        _ => format!("{arm} is {word} than {baseline}"),
    };
    let verdict = match judged.verdict {
        Verdict::Better => better("better"),
        Verdict::Worse => better("worse"),
        Verdict::NoMeaningfulDifference => format!("{arm} makes no meaningful difference to {baseline}"),
        Verdict::NotEnoughEvidence => {
            return format!(
                "Not enough evidence to say whether {arm} is better than {baseline}{}",
                named(differs)
            );
        }
    };
    let which = if judged.qualifiers.is_empty() { "" } else { ", which differ" };
    let scope = format!("{}{which}{}", scope(rankscales), named(differs));
    if exploratory {
        format!("Exploratory: {scope}, {verdict}")
    } else {
        format!("{}, {verdict}", capital(&scope))
    }
}

/// Formats the clause for a study that has not reached its first planned look: its data are not judged,
/// however clear.
#[must_use]
pub fn before_the_first_look([arm, baseline]: [Arm; 2], differs: &[String]) -> String {
    format!(
        "There is no verdict before the first look on whether {} is better than `{baseline}`{}",
        subject(arm, baseline),
        named(differs)
    )
}

/// Names what is compared with the baseline: the arm's decay, or, if both decay alike, the arm.
fn subject(arm: Arm, baseline: Arm) -> String {
    if arm.decays_as(baseline) { format!("the arm `{arm}`") } else { format!("`{arm}` weight decay") }
}

/// Names the networks over which a mean is taken.
fn scope(rankscales: &[u32]) -> String {
    match rankscales {
        [] => "on average".to_owned(),
        [only] => format!("at rankscale {only}"),
        [others @ .., last] if rankscales.len() <= LISTED => {
            let others: Vec<String> = others.iter().map(u32::to_string).collect();
            format!("on average over rankscales {} and {last}", others.join(", "))
        }
        [first, .., last] => {
            format!("on average over {} rankscales from {first} to {last}", rankscales.len())
        }
    }
}

fn named(differs: &[String]) -> String {
    if differs.is_empty() { String::new() } else { format!(" ({})", differs.join(", ")) }
}

/// Formats a headline of one line: the clause and the numbers behind it.
#[must_use]
pub fn headline(endpoint: &Endpoint) -> String {
    let pairs = many(u64::from(endpoint.pairs), "pair");
    let difference = match (endpoint.difference, endpoint.interval()) {
        (None, _) => "no pair of runs is done".to_owned(),
        (Some(d), None) => format!("{} points over {pairs}", points(d)),
        (Some(d), Some(i)) => format!("{} points, {} % interval {}, {pairs}", points(d), level(i), reach(i)),
    };
    let missing = match endpoint.missing.first() {
        Some(first) if endpoint.verdict == Verdict::NotEnoughEvidence => format!("; {first}"),
        _ => String::new(),
    };
    let left_out = endpoint.left_out().map_or_else(String::new, |left_out| format!("; {left_out}"));
    format!("{}: {difference}{left_out}{missing}.", endpoint.says)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(
        verdict: Verdict,
        size: Option<Size>,
        qualifiers: &[&str],
        differs: &[&str],
        exploratory: bool,
    ) -> String {
        let judged = Judgement {
            verdict,
            size,
            qualifiers: qualifiers.iter().map(ToString::to_string).collect(),
            rule: String::new(),
            needs_pairs: false,
        };
        let differs: Vec<String> = differs.iter().map(ToString::to_string).collect();
        clause([Arm::APPROPRIATE, Arm::ORIGINAL], &[8, 16, 31], &judged, &differs, exploratory)
    }

    #[test]
    fn what_is_said_is_no_more_than_what_was_found() {
        assert_eq!(
            said(Verdict::Better, Some(Size::Relevant), &[], &[], false),
            "On average over rankscales 8, 16 and 31, `appropriate` weight decay is relevantly better than `original`"
        );
        assert_eq!(
            said(Verdict::Worse, Some(Size::Negligible), &["they differ"], &["λ = 0.001"], true),
            "Exploratory: on average over rankscales 8, 16 and 31, which differ (λ = 0.001), `appropriate` weight decay is worse than \
             `original`, by an amount too small to matter"
        );
        assert_eq!(
            said(Verdict::NotEnoughEvidence, None, &[], &["λ = 0.001"], true),
            "Not enough evidence to say whether `appropriate` weight decay is better than `original` (λ = 0.001)"
        );
        let published = [Arm::PUBLISHED_APPROPRIATE, Arm::PUBLISHED_ORIGINAL];
        assert_eq!(
            before_the_first_look(published, &[]),
            "There is no verdict before the first look on whether the arm `published-appropriate` is better than \
             `published-original`",
            "these differ in the learning rate, and not in the decay"
        );
        assert_eq!(scope(&[8]), "at rankscale 8");
        assert_eq!(scope(&[2, 4, 8, 16, 31]), "on average over 5 rankscales from 2 to 31");
    }
}
