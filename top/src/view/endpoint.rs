//! The endpoint as last computed by `analysis`, with its age, and labelled as interim if runs are missing.
//!
//! *Invariant:* before the end, nothing is called a result except what a planned look decided. Whether it is
//! the end, the analysis says, and not what has ended since.

use super::desk::Desk;
use super::words::{fit, level, many, p, points, reach, spoken, wrap};
use crate::moment::{SoFar, Sweep};
use artifacts::run::Condition;
use artifacts::study::{Endpoint, Interval, Summary};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use std::time::SystemTime;

/// Formats the label, the difference with its interval as a picture and in numbers, and their source.
#[must_use]
pub fn lines(sweep: &Sweep, desk: &Desk, width: usize) -> Vec<Line<'static>> {
    match &sweep.endpoint {
        SoFar::Missing { reason, command } => {
            let mut lines = wrapped(reason, width, Style::new());
            lines.extend(wrapped(
                &format!("`{command}` makes it; it may run beside the sweep."),
                width,
                Style::new(),
            ));
            lines
        }
        SoFar::Found { summary, written, command } => found(sweep, desk, (summary, *written, command), width),
    }
}

fn found(
    sweep: &Sweep,
    desk: &Desk,
    (summary, written, command): (&Summary, SystemTime, &str),
    width: usize,
) -> Vec<Line<'static>> {
    let mut lines = wrapped(&label(summary), width, Style::new().add_modifier(Modifier::BOLD));
    match summary.endpoints.first() {
        None => {
            lines.extend(wrapped(
                "It has no comparison yet: no pair of runs has ended.",
                width,
                Style::new(),
            ));
        }
        Some(endpoint) => {
            if let Some((difference, interval)) = endpoint.difference.zip(endpoint.interval()) {
                lines
                    .extend(picture(difference, interval, endpoint.margin, width).into_iter().map(Line::raw));
            }
            lines.extend(wrapped(&sentence(endpoint), width, Style::new()));
            if is_decided(summary) {
                lines.extend(wrapped(&format!("{}.", endpoint.says.replace('`', "")), width, Style::new()));
            }
        }
    }
    let age = desk.now.duration_since(written).unwrap_or_default();
    let ended = sweep.count(Condition::Done) + sweep.count(Condition::Diverged);
    let known = if summary.planned == 0 { ended } else { (summary.done + summary.diverged) as usize };
    let since = ended.saturating_sub(known);
    let newer = match since {
        0 => String::new(),
        1 => format!("; one run has ended since: `{command}`"),
        _ => format!("; {since} runs have ended since: `{command}`"),
    };
    let source = format!("Analysed {} ago{newer}.", spoken(age));
    lines.extend(wrapped(&source, width, Style::new().add_modifier(Modifier::DIM)));
    lines
}

/// Returns whether a verdict may be shown: a planned look reached it, or no run was missing when it was made.
fn is_decided(summary: &Summary) -> bool {
    let by_look = summary.standing.looks.as_ref().is_some_and(|looks| looks.decided.is_some());
    by_look || (summary.planned > 0 && summary.done + summary.diverged >= summary.planned)
}

/// Returns the label, which says how far these numbers can be trusted.
fn label(summary: &Summary) -> String {
    let Summary { done, diverged, planned, .. } = *summary;
    let decided =
        summary.standing.looks.as_ref().and_then(|looks| Some((looks.decided?, looks.planned.len())));
    match decided {
        Some((look, all)) if done < planned => {
            format!(
                "PLANNED LOOK {look} OF {all}, which reached the verdict; {done} of {planned} runs are done."
            )
        }
        _ if planned == 0 => "NO PLAN: the runs as they are, which decides nothing.".to_owned(),
        _ if done + diverged < planned => {
            format!("A LOOK BEFORE THE END, which decides nothing: {done} of {planned} runs are done.")
        }
        _ if diverged > 0 => format!("All {planned} runs have ended, {diverged} of them diverged."),
        _ => format!("All {planned} runs are done."),
    }
}

fn sentence(endpoint: &Endpoint) -> String {
    let Endpoint { decay, baseline, pairs, .. } = endpoint;
    let Some(difference) = endpoint.difference else {
        return format!("{decay} against {baseline}: no pair yet. {}", endpoint.missing.join("; "));
    };
    let interval = endpoint
        .interval()
        .map_or_else(String::new, |interval| format!(", {} % interval {}", level(interval), reach(interval)));
    let chance = endpoint.p().map_or_else(String::new, |value| format!("; {}", p(value)));
    let pairs = many(u64::from(*pairs), "pair");
    format!("{decay} − {baseline}: {} points{interval}{chance}; {pairs}.", points(difference))
}

/// Draws the interval on an axis that contains zero and the margin, with the ends of the axis.
fn picture(difference: f64, interval: Interval, margin: f64, width: usize) -> Vec<String> {
    let ends = [interval.low, interval.high, -margin, margin, difference, 0.0];
    let (low, high) = ends
        .into_iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| (low.min(end), high.max(end)));
    if !(high - low).is_normal() || width < 20 {
        return Vec::new();
    }
    let last = width.min(72) - 1;
    let at = |value: f64| (((value - low) / (high - low) * last as f64).round() as usize).min(last);
    let mut row: Vec<char> = vec![' '; last + 1];
    for place in &mut row[at(-margin)..=at(margin)] {
        *place = '·';
    }
    row[at(0.0)] = '┆';
    for place in &mut row[at(interval.low)..=at(interval.high)] {
        *place = '─';
    }
    row[at(interval.low)] = '├';
    row[at(interval.high)] = '┤';
    row[at(difference)] = '●';
    let zero = at(0.0);
    let mut scale: Vec<char> = vec![' '; last + 1];
    let mut write = |text: &str, middle: usize| {
        let length = text.chars().count();
        let start = middle.saturating_sub(length / 2).min((last + 1).saturating_sub(length));
        let range = start.saturating_sub(1)..(start + length + 1).min(last + 1);
        if scale[range].iter().all(|place| *place == ' ') {
            for (place, character) in scale[start..].iter_mut().zip(text.chars()) {
                *place = character;
            }
        }
    };
    write("0", zero);
    write(&points(interval.low), at(interval.low));
    write(&points(interval.high), at(interval.high));
    [row, scale].map(|line| line.into_iter().collect::<String>().trim_end().to_owned()).to_vec()
}

fn wrapped(text: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    wrap(text, width).into_iter().map(|line| Line::styled(fit(&line, width), style)).collect()
}
