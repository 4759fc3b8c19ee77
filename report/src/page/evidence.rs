//! The section on how certain the answer is: the endpoints, the rules that judged them, and what is missing.

use super::markdown::{Align, bullets, code, folded_if, marked, shorten, table};
use super::standing;
use crate::selection::Selection;
use artifacts::Exact;
use artifacts::study::{Endpoint, Size, Verdict};
use artifacts::words;

/// The number of items from which a list is folded.
const SHOWN: usize = 8;
/// The file that has all items.
const SUMMARY: &str = "summary.json";

/// Writes the section; it says so if nothing could be compared.
#[must_use]
pub fn section(selection: &Selection<'_>) -> String {
    let summary = &selection.study.summary;
    let mut parts = vec!["## How sure".to_owned()];
    if summary.endpoints.is_empty() {
        parts.push(
            "Nothing can be compared: that takes a finished run of an arm and one of its baseline, alike in recipe, \
             rankscale, seed and strength of decay."
                .to_owned(),
        );
    } else {
        parts.push(format!(
            "Differences are those of last-epoch {} accuracy, in percentage points, paired by rankscale and seed, \
             averaged over seeds and then over rankscales.",
            selection.judged_by()
        ));
        parts.extend(standing::paragraphs(&summary.standing));
        parts.push(endpoints(&summary.endpoints));
        parts.extend(qualifiers(&summary.endpoints));
        parts.extend(missing(&summary.endpoints));
    }
    if !summary.rules.is_empty() {
        let rules: Vec<_> = summary.rules.iter().map(|rule| marked(rule)).collect();
        parts.push(standing::rules_heading(&summary.standing));
        parts.push(bullets(&rules));
    }
    parts.join("\n\n")
}

/// Formats a verdict in words.
#[must_use]
pub fn verdict(endpoint: &Endpoint) -> String {
    let word = match endpoint.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::NoMeaningfulDifference => "no meaningful difference",
        Verdict::NotEnoughEvidence => "not enough evidence",
    };
    match endpoint.size {
        Some(Size::Relevant) => format!("relevantly {word}"),
        Some(Size::Negligible) => format!("{word}, negligibly"),
        Some(Size::Open) | None => word.to_owned(),
    }
}

fn endpoints(endpoints: &[Endpoint]) -> String {
    let first = &endpoints[0];
    let recipes = endpoints.iter().any(|endpoint| endpoint.recipe != first.recipe);
    let lambdas = endpoints.iter().any(|endpoint| Exact::of(endpoint.lambda) != Exact::of(first.lambda));
    let mut columns = vec![("Arm", Align::Left), ("Against", Align::Left)];
    if recipes {
        columns.push(("Recipe", Align::Left));
    }
    if lambdas {
        columns.push(("λ", Align::Right));
    }
    columns.extend([
        ("Rankscales", Align::Right),
        ("Pairs", Align::Right),
        ("Difference", Align::Right),
        ("Interval", Align::Right),
        ("p", Align::Right),
        ("p, equivalence", Align::Right),
        ("Verdict", Align::Left),
        ("Rule", Align::Left),
    ]);
    let dash = || "–".to_owned();
    let mut rows: Vec<_> = endpoints
        .iter()
        .map(|endpoint| {
            let mut row = vec![code(endpoint.decay.name()), code(endpoint.baseline.name())];
            if recipes {
                row.push(code(&endpoint.recipe));
            }
            if lambdas {
                row.push(words::short(endpoint.lambda));
            }
            row.extend([
                endpoint.rankscales.len().to_string(),
                endpoint.pairs.to_string(),
                endpoint.difference.map_or_else(dash, words::points),
                endpoint.interval().map_or_else(dash, |interval| {
                    format!("{} ({} %)", words::reach(interval), words::level(interval))
                }),
                endpoint.p().map_or_else(dash, words::probability),
                endpoint.p_equivalence().map_or_else(dash, words::probability),
                format!("**{}**", verdict(endpoint)),
                marked(&endpoint.rule),
            ]);
            row
        })
        .collect();
    let others = shorten(&mut rows, SUMMARY);
    [table(&columns, &rows)].into_iter().chain(others).collect::<Vec<_>>().join("\n\n")
}

/// Lists the qualifiers of the verdicts and, for several comparisons, the adjustment for multiple testing.
fn qualifiers(endpoints: &[Endpoint]) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for endpoint in endpoints {
        let arm = code(endpoint.decay.name());
        items.extend(endpoint.qualifiers.iter().map(|qualifier| format!("{arm}: {}", marked(qualifier))));
        let [of_arm, of_baseline] = endpoint.diverged;
        if of_arm + of_baseline > 0 {
            let baseline = code(endpoint.baseline.name());
            items.push(format!(
                "Diverged runs, which have no accuracy: {of_arm} of {arm}, {of_baseline} of {baseline}"
            ));
        }
    }
    let others = shorten(&mut items, SUMMARY);
    items.extend(others);
    if endpoints.len() > 1 {
        let first = code(endpoints[0].decay.name());
        items.push(format!("{first} in the first row is primary; the p values of the other rows are adjusted for their number (Holm)"));
    }
    if items.is_empty() { Vec::new() } else { vec![bullets(&items)] }
}

/// Lists what is missing, by arm.
fn missing(endpoints: &[Endpoint]) -> Vec<String> {
    let mut items: Vec<_> = endpoints
        .iter()
        .flat_map(|endpoint| {
            let arm = code(endpoint.decay.name());
            endpoint.missing.iter().map(move |item| format!("{arm}: {}", marked(item)))
        })
        .collect();
    if items.is_empty() {
        return Vec::new();
    }
    let summary = format!("{} missing", words::many(items.len() as u64, "item"));
    let others = shorten(&mut items, SUMMARY);
    items.extend(others);
    vec![
        "What is missing for a better founded verdict:".to_owned(),
        folded_if(items.len() > SHOWN, &summary, bullets(&items)),
    ]
}
