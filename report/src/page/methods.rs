//! The methods: a paragraph for a paper, and an entry for its list of references.
//!
//! *Invariant:* every number describes the runs that this page shows. The authors and the title of the
//! program are those of `CITATION.cff`, which a test checks.

use super::images;
use super::markdown::{code, marked, text};
use super::provenance;
use crate::selection::Selection;
use artifacts::clock;
use artifacts::study::{Endpoint, Sealed, Standing};
use artifacts::words::{self, listed, many, short};
use std::collections::BTreeSet;

const TITLE: &str = "rankscale: does weight decay scaled by compression help low-rank networks?";
const AUTHORS: &str = "The rankscale authors";

/// Writes the section; empty if no run has finished.
#[must_use]
pub fn section(selection: &Selection<'_>) -> String {
    let runs = selection.runs();
    let Some(recipe) = provenance::headline(selection) else {
        return String::new();
    };
    if runs.is_empty() || runs.iter().any(|run| run.imported) {
        return String::new();
    }
    let arms: Vec<String> = selection
        .arms()
        .into_iter()
        .map(|arm| {
            let sentence = arm.definition().sentence;
            format!("{} ({})", code(arm.name()), text(sentence.trim_end_matches('.')))
        })
        .collect();
    let factored = || runs.iter().filter(|run| run.rankscale > 0);
    let seeds: BTreeSet<(u32, u64)> = factored().map(|run| (run.rankscale, run.seed)).collect();
    let dense = match runs.len() - factored().count() {
        0 => String::new(),
        dense => format!(", and {} of the dense network", many(dense as u64, "run")),
    };
    let standing = &selection.study.summary.standing;
    let sealed = standing.sealed.as_ref();
    let paragraph = format!(
        "We trained ResNet-9s in which every 3x3 convolution but the first is factored (depthwise 3x3, then 1x1 down to c / rankscale channels, then \
         1x1 up to c) on {} at {}: {}, of {} of rankscale and seed{dense}. Recipe: {recipe}; {}. Rules of weight decay and learning rate: {}. The result of a run is its accuracy after \
         the last epoch. Runs that differ in {} make a pair; the endpoint is the mean over networks of the mean difference, with Student's \
         interval for unequal variances (Satterthwaite). {}",
        images::name(selection),
        words::rankscales(&selection.rankscales()),
        many(factored().count() as u64, "run"),
        many(seeds.len() as u64, "combination"),
        provenance::strength(selection),
        listed(&arms),
        if selection.study.summary.tuned.is_empty() {
            "the rule alone"
        } else {
            "the rule, and in what each arm chose, alone"
        },
        fixed(standing, selection.endpoints().next())
    );
    format!("## Methods, to copy\n\n{paragraph}\n\n```bibtex\n{}\n```", entry(sealed))
}

/// Says what was fixed before the first run, and at which look the verdict was reached.
fn fixed(standing: &Standing, primary: Option<&Endpoint>) -> String {
    let Some(sealed) = &standing.sealed else { return "Nothing was fixed before the first run.".to_owned() };
    let when = match sealed.runs_before {
        0 => "before the first run".to_owned(),
        runs => format!("after {} had begun", many(runs, "run")),
    };
    let plan = code(&sealed.plan_sha256);
    if !standing.exploratory.is_empty() {
        let reasons: Vec<String> = standing.exploratory.iter().map(|reason| marked(reason)).collect();
        let because = reasons.join("; ");
        return format!(
            "A plan was sealed {when} (SHA-256: {plan}), but the result is exploratory: {because}."
        );
    }
    let mut parts = vec!["The experiment"];
    parts.extend((sealed.rules_hold == Some(true)).then_some("rules"));
    parts.extend(standing.looks.as_ref().map(|_| "looks"));
    let parts: Vec<String> = parts.into_iter().map(str::to_owned).collect();
    let verb = if parts.len() == 1 { "was" } else { "were" };
    let mut sentences =
        vec![format!("{} {verb} fixed {when} (SHA-256 of the plan: {plan}).", listed(&parts))];
    if let Some(looks) = &standing.looks
        && let (Some(look), Some(primary)) = (looks.decided, primary)
        && let Some(pairs) = looks.planned.get((look as usize).saturating_sub(1))
    {
        sentences.push(format!(
            "The verdict rests on look {look} of {}, after {pairs} pairs at every rankscale, at a level of {}.",
            looks.planned.len(),
            short(primary.alpha)
        ));
    }
    sentences.join(" ")
}

/// Formats the `BibTeX` entry of the program.
fn entry(sealed: Option<&Sealed>) -> String {
    let year = sealed
        .map(|sealed| clock::date(sealed.unix_seconds))
        .and_then(|date| date.rsplit(' ').next().map(str::to_owned));
    let mut fields = vec![
        ("title", format!("{{{TITLE}}}")),
        ("author", format!("{{{{{AUTHORS}}}}}")),
        ("version", format!("{{{}}}", env!("CARGO_PKG_VERSION"))),
    ];
    fields.extend(year.map(|year| ("year", format!("{{{year}}}"))));
    // Anything else in a seal could end the entry, or the code that it is in.
    let revision = sealed.map(|sealed| sealed.git_revision.chars().filter(char::is_ascii_alphanumeric));
    fields.extend(revision.map(|text| ("note", format!("{{revision {}}}", text.collect::<String>()))));
    let fields: Vec<String> = fields.into_iter().map(|(key, value)| format!("  {key} = {value},")).collect();
    format!("@software{{rankscale,\n{}\n}}", fields.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_that_of_the_citation_file() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../CITATION.cff");
        let citation = fs_err::read_to_string(path).unwrap();
        assert!(
            citation.contains(&format!("title: \"{TITLE}\""))
                && citation.contains(&format!("name: \"{AUTHORS}\""))
        );
    }

    #[test]
    fn the_entry_names_the_revision_and_the_year_where_a_plan_was_sealed() {
        let sealed = Sealed {
            unix_seconds: 1_795_000_000,
            git_revision: "abc".into(),
            plan_sha256: "d".into(),
            runs_before: 0,
            rules_sha256: None,
            rules_hold: None,
        };
        let entry = entry(Some(&sealed));
        assert!(entry.contains("year = {2026}") && entry.contains("note = {revision abc}"), "{entry}");
        assert_eq!(entry.matches('{').count(), entry.matches('}').count());
        assert!(!super::entry(None).contains("year"));
    }

    #[test]
    fn what_was_sealed_late_is_not_said_to_have_come_first() {
        let sealed = |runs_before, rules_hold| Sealed {
            unix_seconds: 0,
            git_revision: String::new(),
            plan_sha256: "10f4".into(),
            runs_before,
            rules_sha256: None,
            rules_hold,
        };
        let said = |sealed, exploratory: &[&str]| {
            let exploratory = exploratory.iter().map(ToString::to_string).collect();
            fixed(&Standing { sealed: Some(sealed), exploratory, looks: None }, None)
        };
        let of_the_plan = "(SHA-256 of the plan: `10f4`).";
        assert_eq!(
            said(sealed(3, Some(true)), &[]),
            format!("The experiment and rules were fixed after 3 runs had begun {of_the_plan}")
        );
        assert_eq!(
            said(sealed(0, Some(false)), &[]),
            format!("The experiment was fixed before the first run {of_the_plan}")
        );
        assert_eq!(
            said(sealed(1, None), &["it is short", "it has no look"]),
            "A plan was sealed after 1 run had begun (SHA-256: `10f4`), but the result is exploratory: \
             it is short; it has no look."
        );
        assert_eq!(fixed(&Standing::default(), None), "Nothing was fixed before the first run.");
    }
}
