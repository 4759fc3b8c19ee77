//! From a moment, and the user's choices, to lines; one file per panel.
//!
//! `desk` holds the user's choices, `ink` the colours, `words` formats numbers; `grid`, `runs`, `curves`,
//! `endpoint`, `troubles`, `heading` and `help` are the panels, `advice` is for folders with nothing to show,
//! and `scale` is the vertical scale of curves.
//!
//! *Invariant:* no information is conveyed by colour alone.

pub mod advice;
pub mod curves;
pub mod desk;
pub mod endpoint;
pub mod grid;
pub mod heading;
pub mod help;
pub mod ink;
pub mod runs;
mod scale;
pub mod troubles;
pub mod words;

use crate::moment::Sweep;
use desk::{Desk, Panel};
use ratatui::text::Line;

/// Formats a panel of this width; curves are drawn and have no lines.
#[must_use]
pub fn lines(sweep: &Sweep, desk: &Desk, panel: Panel, width: usize) -> Vec<Line<'static>> {
    match panel {
        Panel::Grid => grid::lines(sweep, desk, width),
        Panel::Runs => runs::lines(sweep, desk, width),
        Panel::Curves => Vec::new(),
        Panel::Endpoint => endpoint::lines(sweep, desk, width),
        Panel::Troubles => troubles::lines(sweep, width),
    }
}
