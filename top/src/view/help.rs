//! The keys, as a line and as a page.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

/// Each key with its effect, in a word and in a sentence; the most important first.
pub const KEYS: [(&str, &str, &str); 9] = [
    ("q", "quit", "end; so do Esc and Ctrl-C"),
    ("?", "help", "this page, and away again"),
    (
        "arrows",
        "run",
        "choose a run: its curves are drawn with those of its pairs (or h j k l; Home follows the sweep)",
    ),
    ("m", "loss/accuracy", "curves of loss or of accuracy, where there is room for one"),
    ("space", "pin", "keep the chosen run's curves, or let go of them"),
    ("1-5", "one panel", "that panel alone; 0 shows all where there is room"),
    ("tab", "next", "the next panel; PageUp and PageDown scroll"),
    ("r", "read", "look at the files now"),
    ("c", "unpin", "let go of all pinned runs"),
];

/// Formats as many of the keys as fit.
#[must_use]
pub fn line(width: usize) -> Line<'static> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let (mut spans, mut used) = (Vec::new(), 0);
    for (key, word, _) in KEYS {
        let length = key.chars().count() + word.chars().count() + 3;
        if used + length > width + 2 {
            break;
        }
        used += length;
        spans.extend([Span::styled(key, bold), Span::raw(format!(" {word}  "))]);
    }
    Line::from(spans)
}

/// Formats all keys, and the meaning of the grid's words.
#[must_use]
pub fn page(width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (key, _, sentence) in KEYS {
        let parts = super::words::wrap(sentence, width.saturating_sub(8));
        for (at, part) in parts.into_iter().enumerate() {
            let key = if at == 0 { key } else { "" };
            lines.push(Line::raw(format!("{key:<8}{part}")));
        }
    }
    lines.push(Line::raw(""));
    let marks = "In the grid: 92.94 is the accuracy of a run that is done, 45 % the epochs of one under way, ‖45 % of one that stopped, \
                 · waits. In the curves a line is of the images that judge a run, dots are of training.";
    lines.extend(super::words::wrap(marks, width).into_iter().map(Line::raw));
    lines
}
