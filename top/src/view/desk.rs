//! The user's choices: the panel, the run under the cursor, the pinned runs.
//!
//! *Invariant:* every choice stays valid when the sweep changes; until the user chooses, the cursor follows
//! the sweep.

use super::ink::Ink;
use crate::moment::{Cell, Run, Sweep};
use artifacts::run::Condition;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// A panel of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// The grid of all runs, by cell.
    Grid,
    /// The runs under way.
    Runs,
    /// The curves of chosen runs.
    Curves,
    /// The latest results of `analysis`.
    Endpoint,
    /// Problems to look at.
    Troubles,
}

impl Panel {
    /// All panels, in their order.
    pub const ALL: [Self; 5] = [Self::Grid, Self::Runs, Self::Curves, Self::Endpoint, Self::Troubles];

    /// Returns the title of the panel.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Runs => "under way",
            Self::Curves => "curves",
            Self::Endpoint => "endpoint",
            Self::Troubles => "failures",
        }
    }

    /// Returns the panel `steps` places after this one.
    #[must_use]
    pub fn after(self, steps: usize) -> Self {
        let at = Self::ALL.iter().position(|panel| *panel == self).unwrap_or(0);
        Self::ALL[(at + steps) % Self::ALL.len()]
    }
}

/// The quantity that curves show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Accuracy, in per cent.
    Accuracy,
    /// Loss, in nats per image.
    Loss,
}

/// The user's choices.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The panel that scrolls, and that is shown if there is space for only one.
    pub panel: Panel,
    /// Whether that panel is shown alone.
    pub alone: bool,
    /// The position of the cursor, as cell and run; `None` follows the sweep.
    pub cursor: Option<(usize, usize)>,
    /// Names of the pinned runs, whose curves stay.
    pub pins: BTreeSet<String>,
    /// The quantity that curves show, if there is space for only one.
    pub measure: Measure,
    /// Whether the help page is shown.
    pub help: bool,
    /// The number of lines by which the panel is scrolled.
    pub scroll: usize,
    /// The colours of the terminal.
    pub ink: Ink,
    /// The current time.
    pub now: SystemTime,
    /// The local offset from UTC, in seconds.
    pub offset: i64,
    /// The interval between reads of the files.
    pub every: Duration,
}

impl Desk {
    /// Creates a desk without any choice.
    #[must_use]
    pub fn new(ink: Ink, now: SystemTime, offset: i64, every: Duration) -> Self {
        Self {
            panel: Panel::Grid,
            alone: false,
            cursor: None,
            pins: BTreeSet::new(),
            measure: Measure::Accuracy,
            help: false,
            scroll: 0,
            ink,
            now,
            offset,
            every,
        }
    }

    /// Returns the position of the cursor; `None` if there is no run.
    #[must_use]
    pub fn at(&self, sweep: &Sweep) -> Option<(usize, usize)> {
        let place = self.cursor.unwrap_or_else(|| followed(sweep));
        let cell = place.0.min(sweep.cells.len().checked_sub(1)?);
        let run = place.1.min(sweep.cells[cell].runs.len().checked_sub(1)?);
        Some((cell, run))
    }

    /// Returns the run under the cursor.
    #[must_use]
    pub fn chosen<'a>(&self, sweep: &'a Sweep) -> Option<(&'a Cell, &'a Run)> {
        self.at(sweep).map(|(cell, run)| (&sweep.cells[cell], &sweep.cells[cell].runs[run]))
    }

    /// Moves the cursor by cells and runs.
    pub fn walk(&mut self, sweep: &Sweep, cells: isize, runs: isize) {
        let Some((cell, run)) = self.at(sweep) else { return };
        let cell = cell.saturating_add_signed(cells).min(sweep.cells.len() - 1);
        let run = run.saturating_add_signed(runs).min(sweep.cells[cell].runs.len() - 1);
        self.cursor = Some((cell, run));
    }

    /// Pins the run under the cursor, or unpins it.
    pub fn pin(&mut self, sweep: &Sweep) {
        if let Some((_, run)) = self.chosen(sweep)
            && !self.pins.remove(&run.name)
        {
            self.pins.insert(run.name.clone());
        }
    }

    /// Returns the runs whose curves are drawn: the one under the cursor, those that form pairs with it, and
    /// the pinned ones.
    #[must_use]
    pub fn drawn<'a>(&self, sweep: &'a Sweep) -> Vec<(&'a Cell, &'a Run)> {
        let chosen = self.chosen(sweep);
        let is_paired = |cell: &Cell, run: &Run| {
            chosen.is_some_and(|(of, with)| cell.pairs_with(of) && run.seed == with.seed)
        };
        sweep.runs().filter(|(cell, run)| self.pins.contains(&run.name) || is_paired(cell, run)).collect()
    }
}

/// Returns the first run under way, else the last that has ended, else the first.
fn followed(sweep: &Sweep) -> (usize, usize) {
    let places = || {
        sweep.cells.iter().enumerate().flat_map(|(cell, of)| (0..of.runs.len()).map(move |run| (cell, run)))
    };
    let run = |(cell, run): (usize, usize)| &sweep.cells[cell].runs[run];
    let is = |condition: Condition| move |place: &(usize, usize)| run(*place).condition() == condition;
    places()
        .find(is(Condition::Running))
        .or_else(|| {
            places()
                .filter(is(Condition::Done))
                .max_by_key(|place| std::cmp::Reverse(run(*place).headway.quiet))
        })
        .unwrap_or((0, 0))
}
