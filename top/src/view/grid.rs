//! The grid: one line per cell, and in it one field per run, with its accuracy or its progress.
//!
//! *Invariant:* every run of the sweep has exactly one field.

use super::desk::Desk;
use super::ink;
use super::words::{fit, percent, short};
use crate::moment::{Cell, Run, Sweep};
use artifacts::run::Condition;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

/// The width of a run's field, including the space before it.
const PLACE: usize = 7;
/// The width of the mean after a cell's fields, if there is space.
const MEAN: usize = 14;

/// Formats the head and one line per cell. If the fields do not fit side by side, those around the cursor are
/// shown.
#[must_use]
pub fn lines(sweep: &Sweep, desk: &Desk, width: usize) -> Vec<Line<'static>> {
    let labels: Vec<String> = sweep.cells.iter().map(label).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let most = sweep.cells.iter().map(|cell| cell.runs.len()).max().unwrap_or(0);
    // The mark, a space and the label; at least three fields beside it.
    let label_width = longest.min(width.saturating_sub(3 * PLACE + 2).max(8));
    let room = (width.saturating_sub(label_width + 2) / PLACE).max(1);
    let cursor = desk.at(sweep);
    let first = cursor.map_or(0, |(_, run)| (run + 1).saturating_sub(room)).min(most.saturating_sub(room));
    let shown = most.min(room);
    let has_mean = label_width + 2 + shown * PLACE + MEAN <= width;
    let rows = sweep.cells.iter().zip(&labels).enumerate().map(|(at, (cell, label))| {
        let look = sweep.look(cell.arm);
        let mut spans = vec![
            Span::styled(ink::mark(look).to_string(), desk.ink.arm(look)),
            Span::raw(format!(" {:<label_width$}", fit(label, label_width))),
        ];
        for (place, run) in cell.runs.iter().enumerate().skip(first).take(shown) {
            let mut style = style(run);
            if cursor == Some((at, place)) {
                style = style.add_modifier(Modifier::REVERSED);
            }
            let pin = if desk.pins.contains(&run.name) { "*" } else { " " };
            spans.push(Span::raw(pin));
            spans.push(Span::styled(format!("{:>width$}", place_of(run), width = PLACE - 1), style));
        }
        if has_mean {
            let missing = shown - cell.runs.len().saturating_sub(first).min(shown);
            spans.push(Span::raw(format!("{}{:>MEAN$}", " ".repeat(missing * PLACE), mean(cell))));
        }
        Line::from(spans)
    });
    let mut head = format!("{:1$}", "", label_width + 2);
    for place in first..first + shown {
        head.extend([format!("{:>PLACE$}", seed(sweep, place))]);
    }
    if has_mean {
        head.extend([format!("{:>MEAN$}", "mean")]);
    }
    let quiet = Style::new().add_modifier(Modifier::DIM);
    std::iter::once(Line::styled(head, quiet)).chain(rows).collect()
}

/// Returns the line of the cursor, counted from the head.
#[must_use]
pub fn cursor_line(sweep: &Sweep, desk: &Desk) -> usize {
    desk.at(sweep).map_or(0, |(cell, _)| cell + 1)
}

fn label(cell: &Cell) -> String {
    let [lambda, peak] = cell.strength.map(short);
    let strength = if cell.labelled { format!(" λ {lambda} at {peak}") } else { String::new() };
    let kind = cell.kind.as_ref().map(|kind| format!(" {kind}")).unwrap_or_default();
    format!("r{:02} {}{strength}{kind}", cell.rankscale, cell.arm)
}

/// Returns the seed if all runs in this column share it, and otherwise the number of the column.
fn seed(sweep: &Sweep, place: usize) -> String {
    let mut seeds = sweep.cells.iter().filter_map(|cell| cell.runs.get(place)).map(|run| run.seed);
    let first = seeds.next();
    match first {
        Some(seed) if seeds.all(|other| other == seed) => format!("s{seed}"),
        _ => format!("#{}", place + 1),
    }
}

/// Formats a run's field, in at most six characters.
fn place_of(run: &Run) -> String {
    if run.failed.is_some() {
        return "failed".to_owned();
    }
    match run.condition() {
        Condition::Waiting => "·".to_owned(),
        Condition::Running if run.is_silent() => "silent".to_owned(),
        Condition::Running => format!("{:.0} %", 100.0 * run.share()),
        Condition::Stopped => format!("‖{:.0} %", 100.0 * run.share()),
        Condition::Done => run.headway.accuracy().map_or_else(String::new, percent),
        Condition::Diverged => "diverg".to_owned(),
        Condition::Unusable => "broken".to_owned(),
    }
}

fn style(run: &Run) -> Style {
    let modifier = match run.condition() {
        _ if run.failed.is_some() => Modifier::BOLD | Modifier::UNDERLINED,
        Condition::Diverged | Condition::Unusable => Modifier::BOLD | Modifier::UNDERLINED,
        Condition::Running => Modifier::BOLD,
        Condition::Waiting | Condition::Stopped => Modifier::DIM,
        Condition::Done => Modifier::empty(),
    };
    Style::new().add_modifier(modifier)
}

/// Formats the mean of the finished runs, and their number.
fn mean(cell: &Cell) -> String {
    let done: Vec<f64> = cell
        .runs
        .iter()
        .filter(|run| run.condition() == Condition::Done)
        .filter_map(|run| run.headway.accuracy())
        .collect();
    if done.is_empty() {
        return String::new();
    }
    format!("{} of {}", percent(done.iter().sum::<f64>() / done.len() as f64), done.len())
}
