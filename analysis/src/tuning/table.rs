//! The choices as Markdown tables and sentences.

use crate::tuning::choice::{Cell, Choice};
use artifacts::Exact;
use artifacts::Experiment;
use artifacts::words::{many, short};
use std::fmt::Write as _;

/// Formats a section for each arm.
#[must_use]
pub fn table(tuning: &Experiment, choices: &[Choice]) -> String {
    let held_out = tuning.runs.first().and_then(|run| run.recipe.validation_images).unwrap_or(0);
    let mut text = format!(
        "Accuracy on {held_out} held-out training images, in %: the mean over networks of the mean over seeds. **Chosen**; (in brackets) what \
         chance may have put below it.\n"
    );
    for choice in choices {
        _ = write!(text, "\n`{}`\n\n{}\n{}", choice.arm, grid(choice), says(choice));
    }
    text
}

/// Formats the grid with a row for each lambda and a column for each peak rate.
fn grid(choice: &Choice) -> String {
    let distinct = |of: fn(&Cell) -> f64| {
        let mut values: Vec<f64> = choice.cells.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let (lambdas, rates) = (distinct(|cell| cell.lambda), distinct(|cell| cell.rate));
    let heads: Vec<String> = rates.iter().map(|rate| format!(" rate {} |", short(*rate))).collect();
    let mut text = format!("| λ |{}\n| ---: |{}\n", heads.concat(), " ---: |".repeat(rates.len()));
    for lambda in lambdas {
        _ = write!(text, "| {} |", short(lambda));
        for rate in &rates {
            let at = choice
                .cells
                .iter()
                .position(|cell| [cell.lambda, cell.rate].map(Exact::of) == [lambda, *rate].map(Exact::of));
            _ = write!(text, " {} |", at.map_or_else(String::new, |at| shown(choice, at)));
        }
        text.push('\n');
    }
    text
}

fn shown(choice: &Choice, at: usize) -> String {
    let cell = &choice.cells[at];
    match cell.accuracy {
        None => "diverged".to_owned(),
        Some(accuracy) => {
            let number = format!("{:.2}", 100.0 * accuracy);
            match cell.told_apart {
                _ if choice.chosen == Some(at) => format!("**{number}**"),
                Some(false) => format!("({number})"),
                _ => number,
            }
        }
    }
}

/// Says which cell was chosen, how flat the optimum is, and whether it lies on an edge of the grid.
fn says(choice: &Choice) -> String {
    let Some(chosen) = choice.cell() else {
        return "In every cell a run diverged, so there is nothing to choose.\n".to_owned();
    };
    let mut text = format!("Chosen: λ = {}, peak rate {}.", short(chosen.lambda), short(chosen.rate));
    let others: Vec<&Cell> = choice.cells.iter().filter(|cell| cell.below.is_some()).collect();
    if let Some(next) = others.iter().filter_map(|cell| cell.below).min_by(f64::total_cmp) {
        _ = write!(text, " The next best is {:.2} points below", 100.0 * next);
        let unsure = others.iter().filter(|cell| cell.told_apart == Some(false)).count();
        let known = others.iter().filter(|cell| cell.told_apart.is_some()).count();
        _ = match known {
            0 => write!(
                text,
                "; without a second seed at every rankscale nothing says whether that is chance."
            ),
            known => {
                write!(
                    text,
                    "; of {}, {unsure} cannot be told from the chosen one.",
                    many(known as u64, "other cell")
                )
            }
        };
    }
    match choice.edges().as_slice() {
        [] => {}
        edges => _ = write!(text, " It has {} of the grid: widen it there.", edges.join(" and ")),
    }
    text + "\n"
}
