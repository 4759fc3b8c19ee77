//! The page: a study and its figures as Markdown.
//!
//! The order is the reader's: the answer, the figure that shows it, how certain it is, what was run, the
//! other figures, then everything needed to check or repeat it.
//!
//! *Invariant:* the text depends on the study alone, without a clock and without paths of this machine. Text
//! that comes from files is escaped.

pub mod answer;
pub mod by_rankscale;
pub mod cells;
pub mod evidence;
pub mod images;
pub mod ledger;
pub mod markdown;
pub mod methods;
pub mod provenance;
pub mod reference;
pub mod secondary;
pub mod standing;

use crate::figure::{self, Figure};
use crate::selection::Selection;
use artifacts::study::Endpoint;
use artifacts::words;
use markdown::text;
use network::Arm;

/// The question that this project asks, whatever an experiment is called.
const QUESTION: &str = "Does weight decay scaled by compression help low-rank networks?";

/// Returns the question that a study answers, which ends as a sentence: that of this project, or, if the arms
/// that it compares decay alike, that of its experiment.
#[must_use]
pub fn question(selection: &Selection<'_>) -> String {
    let alike = |endpoint: &Endpoint| endpoint.decay.decays_as(endpoint.baseline);
    let title = selection.study.summary.title.as_deref();
    let is_another = selection.endpoints().next().is_some_and(alike);
    title.filter(|_| is_another).map_or_else(|| QUESTION.to_owned(), ended)
}

/// Returns a title with a full stop, unless it ends as a sentence.
fn ended(title: &str) -> String {
    let title = title.trim_end();
    let stop = if title.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{title}{stop}")
}

/// Writes the whole page.
#[must_use]
pub fn page(selection: &Selection<'_>, figures: &[Figure]) -> String {
    let answer = answer::of(selection);
    let (first, others): (Vec<_>, Vec<_>) =
        figures.iter().partition(|figure| figure.file == figure::rankscale::FILE);
    let mut sections = vec![
        format!("# {}", text(&question(selection))),
        answer.markdown(),
        experiment(selection),
        first.first().map_or_else(no_figure, |figure| shown(figure)),
        evidence::section(selection),
        secondary::section(selection),
        cells::section(selection),
    ];
    sections.extend(others.iter().map(|figure| format!("## {}\n\n{}", figure.heading, shown(figure))));
    sections.extend([
        ledger::section(selection),
        provenance::section(selection),
        methods::section(selection),
        reference::audit(),
        reference::further(),
    ]);
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

/// Says what was planned, and how much of it this page rests on.
fn experiment(selection: &Selection<'_>) -> String {
    let summary = &selection.study.summary;
    let name = match (&summary.experiment, &summary.title) {
        (Some(name), Some(title)) => {
            format!("Experiment {}: {} ", markdown::code(name), text(&ended(title)))
        }
        (Some(name), None) => format!("Experiment {}. ", markdown::code(name)),
        (None, _) => "No experiment was named: every run found is taken as it is. ".to_owned(),
    };
    let progress = if summary.planned == 0 {
        format!("{} found.", words::many(selection.study.runs.len() as u64, "run"))
    } else {
        format!("{} of {} done.", summary.done, words::many(u64::from(summary.planned), "planned run"))
    };
    let others = match selection.others() {
        0 => String::new(),
        others => format!(
            " This page shows {}; {} of others {} listed under [What was run](#what-was-run).",
            if summary.tuned.is_empty() {
                "runs of one recipe at one strength of decay"
            } else {
                "the runs of each arm at its own λ and peak learning rate"
            },
            words::many(others as u64, "finished run"),
            if others == 1 { "is" } else { "are" }
        ),
    };
    format!("{name}{progress}{others}{}", own_arms(&summary.arms))
}

/// Describes the arms that are not of the house.
fn own_arms(arms: &[Arm]) -> String {
    let one = |arm: &Arm| format!("\n- {}: {}", markdown::code(arm.name()), arm.definition().sentence);
    match arms {
        [] => String::new(),
        arms => format!("\n\nArms of its own:\n{}", arms.iter().map(one).collect::<String>()),
    }
}

fn shown(figure: &Figure) -> String {
    format!("![{}](figures/{})\n\n*{}*", text(&figure.alt), figure.file, text(&figure.caption))
}

fn no_figure() -> String {
    "There is no figure yet: no run of a network with low rank has finished.".to_owned()
}
