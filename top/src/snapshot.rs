//! A moment as plain text, once: for a pipe, a file, or a terminal that cannot be drawn on.
//!
//! *Invariant:* there are no escape codes, whatever files say, and no line is longer than the width unless a
//! single word is.

use crate::moment::Moment;
use crate::view::desk::{Desk, Panel};
use crate::view::{self, advice, heading};
use ratatui::text::Line;

/// Formats the text, without a newline at its end.
#[must_use]
pub fn text(moment: &Moment, desk: &Desk, width: usize) -> String {
    let mut lines = heading::lines(moment, desk, width);
    match &moment.sweep {
        Err(nothing) => lines.extend(std::iter::once(Line::raw("")).chain(advice::lines(nothing, width))),
        Ok(sweep) => {
            for panel in Panel::ALL {
                if panel != Panel::Curves {
                    lines.extend([Line::raw(""), Line::raw(panel.title().to_uppercase())]);
                    lines.extend(view::lines(sweep, desk, panel, width));
                }
            }
        }
    }
    lines.iter().map(|line| plain(line).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn plain(line: &Line<'_>) -> String {
    let text = line.spans.iter().flat_map(|span| span.content.chars());
    text.map(|c| if c.is_control() { ' ' } else { c }).collect()
}
