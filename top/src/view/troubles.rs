//! Problems that a person should look at: runs that failed, diverged, fell silent or cannot be read, each
//! with its reason.

use super::words::wrap;
use crate::moment::Sweep;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

/// The largest number of lines of a problem's reason; the log has more.
const MOST_LINES: usize = 4;

/// Formats each problem's name, what happened, and the lines of the log.
#[must_use]
pub fn lines(sweep: &Sweep, width: usize) -> Vec<Line<'static>> {
    if sweep.troubles.is_empty() {
        return vec![Line::raw("Nothing has failed.")];
    }
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let quiet = Style::new().add_modifier(Modifier::DIM);
    let mut lines = Vec::new();
    for trouble in &sweep.troubles {
        lines.push(Line::styled(trouble.of.clone(), bold));
        let indented = |text: &str| -> Vec<String> {
            let parts = wrap(text, width.saturating_sub(2).max(1)).into_iter().take(MOST_LINES);
            parts.map(|line| format!("  {line}")).collect()
        };
        lines.extend(indented(&trouble.what).into_iter().map(Line::raw));
        for line in &trouble.lines {
            lines.extend(indented(&format!("| {line}")).into_iter().map(|line| Line::styled(line, quiet)));
        }
    }
    lines
}
