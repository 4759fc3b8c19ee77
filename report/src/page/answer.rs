//! The answer in one sentence that claims no more than the runs show.
//!
//! The verdict is the clause of the analysis, which this page and the terminal share. Added here is what the
//! runs were: how many pairs, which rankscales, which schedule, which part of the data.

use super::markdown;
use crate::selection::Selection;
use artifacts::Configuration;
use artifacts::run::Status;
use artifacts::study::{Endpoint, Verdict};
use artifacts::words::{self, many};

/// A sentence in parts. Arms are enclosed in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The part that a hurried reader takes home, in the words of the analysis.
    pub lead: String,
    /// The data that it rests on, without a full stop.
    pub detail: String,
    /// What is missing, in the words of the analysis, which may contain names from files.
    pub missing: Vec<String>,
}

impl Answer {
    /// Formats it as Markdown, with the lead in bold.
    #[must_use]
    pub fn markdown(&self) -> String {
        let lead = markdown::marked(&self.lead);
        format!("**{lead}** {}{}.", self.detail, self.lacking(markdown::text))
    }

    /// Formats it for a terminal.
    #[must_use]
    pub fn plain(&self) -> String {
        let text = format!("{} {}{}.", self.lead, self.detail, self.lacking(str::to_owned));
        text.chars().filter(|c| *c != '`').map(|c| if c.is_control() { ' ' } else { c }).collect()
    }

    /// Formats the first missing item, which weighs most, and the number of the others.
    fn lacking(&self, written: impl Fn(&str) -> String) -> String {
        let Some((first, others)) = self.missing.split_first() else { return String::new() };
        let first = written(first.trim_end_matches('.'));
        match others.len() {
            0 => format!("; missing: {first}"),
            more => format!("; missing: {first} (and {more} more, listed below)"),
        }
    }
}

/// Returns the answer of a study.
#[must_use]
pub fn of(selection: &Selection<'_>) -> Answer {
    match selection.headline() {
        Some(endpoint) => of_endpoint(endpoint, selection.configuration()),
        None => without_endpoint(selection),
    }
}

fn of_endpoint(endpoint: &Endpoint, configuration: Option<&Configuration>) -> Answer {
    let (arm, baseline) = (format!("`{}`", endpoint.decay), format!("`{}`", endpoint.baseline));
    let Some(difference) = endpoint.difference else {
        return Answer {
            lead: format!("{}:", endpoint.says),
            detail: format!("no finished run of {arm} can be paired with one of {baseline}"),
            missing: endpoint.missing.clone(),
        };
    };
    let looked = endpoint
        .look
        .map_or_else(String::new, |pairs| format!(", at the look after {pairs} pairs a rankscale"));
    let left_out = endpoint.left_out().map_or_else(String::new, |left_out| format!("; {left_out}"));
    let accuracy = configuration.map_or("test", |configuration| configuration.recipe.judged_by_what());
    let detail = format!(
        "its {accuracy} accuracy is {}{}, over {} of runs at {}{}{looked}{left_out}",
        amount(difference),
        certainty(endpoint),
        many(u64::from(endpoint.pairs), "pair"),
        words::rankscales(&endpoint.rankscales),
        configuration.map_or_else(String::new, |configuration| format!(", {}", schedule(configuration))),
    );
    let lead = format!("{}:", endpoint.says);
    let open = endpoint.verdict == Verdict::NotEnoughEvidence;
    Answer { lead, detail, missing: if open { endpoint.missing.clone() } else { Vec::new() } }
}

fn without_endpoint(selection: &Selection<'_>) -> Answer {
    let runs = selection.runs();
    let diverged = selection.study.runs.iter().filter(|run| run.status == Status::Diverged).count();
    let detail = match (selection.study.runs.len(), runs.len(), diverged) {
        (0, ..) => "there is no run".to_owned(),
        (all, 0, diverged) if all == diverged => {
            format!(
                "no run has a result, for {} diverged",
                if all == 1 { "the only one".to_owned() } else { format!("all {all}") }
            )
        }
        (all, 0, _) => format!("none of the {} has finished", many(all as u64, "run")),
        (_, 1, _) => "a single finished run cannot be compared with anything".to_owned(),
        (_, finished, _) => {
            let arms: Vec<_> = selection.arms().into_iter().map(|arm| format!("`{arm}`")).collect();
            format!(
                "the {} of {} have no counterpart to be paired with",
                many(finished as u64, "finished run"),
                words::listed(&arms)
            )
        }
    };
    Answer { lead: "No answer yet:".to_owned(), detail, missing: Vec::new() }
}

/// Formats a difference: `0.31 percentage points higher`.
fn amount(difference: f64) -> String {
    let size = words::fixed(difference.abs() * 100.0, 2);
    match words::points(difference).chars().next() {
        Some('+') => format!("{size} percentage points higher"),
        Some('−') => format!("{size} percentage points lower"),
        _ => "the same to a hundredth of a percentage point".to_owned(),
    }
}

fn certainty(endpoint: &Endpoint) -> String {
    let p = endpoint.p().map(words::p_equals);
    match (endpoint.interval(), p) {
        (None, None) => String::new(),
        (None, Some(p)) => format!(" ({p})"),
        (Some(interval), p) => format!(
            " ({} % interval {}{})",
            words::level(interval),
            words::reach(interval),
            p.map_or_else(String::new, |p| format!("; {p}"))
        ),
    }
}

/// Formats a schedule: `after 4 epochs on 6,144 of the training images`.
fn schedule(configuration: &Configuration) -> String {
    let epochs = many(configuration.recipe.epochs as u64, "epoch");
    configuration.recipe.train_images.map_or_else(
        || format!("after {epochs}"),
        |images| format!("after {epochs} on {} of the training images", words::count(images as u64)),
    )
}
