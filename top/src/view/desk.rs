//! What the person who looks has chosen: the panel, the run under the cursor, the runs that are pinned.
//!
//! *Invariant:* every choice stays valid when the sweep under it changes; while nothing was chosen, the cursor follows what happens.

use super::ink::Ink;
use crate::moment::{Cell, Run, Sweep};
use artifacts::run::Condition;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// A part of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// The cells with a place for every run.
    Grid,
    /// The runs under way.
    Runs,
    /// The curves of chosen runs.
    Curves,
    /// What `analysis` last said.
    Endpoint,
    /// What should be looked at.
    Troubles,
}

impl Panel {
    /// In their order.
    pub const ALL: [Self; 5] = [Self::Grid, Self::Runs, Self::Curves, Self::Endpoint, Self::Troubles];

    /// Its title.
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

    /// The panel so many places after this one.
    #[must_use]
    pub fn after(self, steps: usize) -> Self {
        let at = Self::ALL.iter().position(|panel| *panel == self).unwrap_or(0);
        Self::ALL[(at + steps) % Self::ALL.len()]
    }
}

/// What curves are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// In per cent.
    Accuracy,
    /// In nats an image.
    Loss,
}

/// What the person has chosen.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The panel that scrolls, and that is alone where there is room for one.
    pub panel: Panel,
    /// Whether that panel is shown alone.
    pub alone: bool,
    /// The place of the cursor: cell and run; none follows what happens.
    pub cursor: Option<(usize, usize)>,
    /// Names of runs whose curves stay.
    pub pins: BTreeSet<String>,
    /// What curves are of, where there is room for one.
    pub measure: Measure,
    /// Whether the keys are explained.
    pub help: bool,
    /// Lines by which the panel is scrolled.
    pub scroll: usize,
    /// The colours.
    pub ink: Ink,
    /// Now.
    pub now: SystemTime,
    /// Seconds that clocks here are ahead of UTC.
    pub offset: i64,
    /// Between two looks at the files.
    pub every: Duration,
}

impl Desk {
    /// Nothing chosen yet.
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

    /// Where the cursor is; none where there is no run.
    #[must_use]
    pub fn at(&self, sweep: &Sweep) -> Option<(usize, usize)> {
        let place = self.cursor.unwrap_or_else(|| followed(sweep));
        let cell = place.0.min(sweep.cells.len().checked_sub(1)?);
        let run = place.1.min(sweep.cells[cell].runs.len().checked_sub(1)?);
        Some((cell, run))
    }

    /// The run under the cursor.
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

    /// Pins the run under the cursor, or lets go of it.
    pub fn pin(&mut self, sweep: &Sweep) {
        if let Some((_, run)) = self.chosen(sweep)
            && !self.pins.remove(&run.name)
        {
            self.pins.insert(run.name.clone());
        }
    }

    /// The runs whose curves are drawn: the one under the cursor, those that it makes pairs with, and those that are pinned.
    #[must_use]
    pub fn drawn<'a>(&self, sweep: &'a Sweep) -> Vec<(&'a Cell, &'a Run)> {
        let chosen = self.chosen(sweep);
        let is_paired = |cell: &Cell, run: &Run| {
            chosen.is_some_and(|(of, with)| {
                cell.rankscale == of.rankscale && cell.strength == of.strength && run.seed == with.seed
            })
        };
        sweep.runs().filter(|(cell, run)| self.pins.contains(&run.name) || is_paired(cell, run)).collect()
    }
}

/// The first run under way; else the last that has ended; else the first.
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
