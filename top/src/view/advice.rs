//! What to do where there is nothing to show.

use super::words::{fit, wrap};
use crate::moment::Nothing;
use ratatui::text::Line;

/// Formats what was found and what to do, for people who find nothing.
#[must_use]
pub fn lines(nothing: &Nothing, width: usize) -> Vec<Line<'static>> {
    let mut lines = wrap(&nothing.found, width);
    let longest = nothing.advice.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    let is_wide = nothing.advice.iter().all(|(_, meaning)| longest + 4 + meaning.chars().count() <= width);
    for (at, (command, meaning)) in nothing.advice.iter().enumerate() {
        match is_wide {
            true if at == 0 => lines.extend([String::new(), format!("  {command:<longest$}  {meaning}")]),
            true => lines.push(format!("  {command:<longest$}  {meaning}")),
            false => lines.extend([String::new(), format!("{meaning}:"), format!("  {command}")]),
        }
    }
    lines.into_iter().map(|line| Line::raw(fit(&line, width))).collect()
}
