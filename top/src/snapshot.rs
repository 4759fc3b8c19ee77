//! A moment as plain text, once: for a pipe, a file, or a terminal that cannot be drawn on.
//!
//! *Invariant:* there are no escape codes, and no line is longer than the width unless a single word is.

use crate::moment::{Moment, Sweep};
use crate::screen::advice;
use crate::view::desk::{Desk, Panel};
use crate::view::{endpoint, grid, heading, runs, troubles};
use ratatui::text::Line;

/// Formats the text, without a newline at its end.
#[must_use]
pub fn text(moment: &Moment, desk: &Desk, width: usize) -> String {
    let mut lines = heading::lines(moment, desk, width);
    match &moment.sweep {
        Err(nothing) => lines.extend(std::iter::once(Line::raw("")).chain(advice(nothing, width))),
        Ok(sweep) => {
            for panel in Panel::ALL {
                if panel != Panel::Curves {
                    lines.extend([Line::raw(""), Line::raw(panel.title().to_uppercase())]);
                    lines.extend(of(sweep, desk, panel, width));
                }
            }
        }
    }
    lines.iter().map(|line| plain(line).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn of(sweep: &Sweep, desk: &Desk, panel: Panel, width: usize) -> Vec<Line<'static>> {
    match panel {
        Panel::Grid => grid::lines(sweep, desk, width),
        Panel::Runs => runs::lines(sweep, desk, width),
        Panel::Curves => Vec::new(),
        Panel::Endpoint => endpoint::lines(sweep, desk, width),
        Panel::Troubles => troubles::lines(sweep, width),
    }
}

fn plain(line: &Line<'_>) -> String {
    line.spans.iter().map(|span| span.content.as_ref()).collect()
}
