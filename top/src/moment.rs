//! What a work folder says of an experiment at one moment, as values.
//!
//! *Invariant:* whether a run is under way is judged once, by [`artifacts::run::Headway`]; here it is only joined with what logs say.

use artifacts::look::{self, Look};
use artifacts::run::{Condition, Headway};
use artifacts::study::Summary;
use network::Arm;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Without an epoch for so many times as long as one takes, a run's process may be dead; `tools/status.py` says the same, and a test compares.
pub const SILENT_EPOCHS: f64 = 4.0;
/// But only after so many seconds.
pub const SILENT_SECONDS: f64 = 300.0;

/// A work folder at one moment.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The folder.
    pub work: PathBuf,
    /// The sweep in it, or why there is none to show.
    pub sweep: Result<Sweep, Nothing>,
    /// The machine that looks, which may be another one than the one that trains.
    pub machine: Machine,
    /// When this was read.
    pub read: SystemTime,
}

/// Why there is no sweep to show, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nothing {
    /// What was found, in a sentence.
    pub found: String,
    /// What to do: commands, each with what it does.
    pub advice: Vec<(String, String)>,
}

/// An experiment and its runs.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// Its name.
    pub experiment: String,
    /// What it asks.
    pub title: String,
    /// Its cells, by rankscale and arm.
    pub cells: Vec<Cell>,
    /// Its arms, in the order in which they appear.
    pub arms: Vec<Arm>,
    /// What `analysis` last said of it.
    pub endpoint: SoFar,
    /// What a person should look at.
    pub troubles: Vec<Trouble>,
}

/// The runs that differ in nothing but their seed.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The rankscale.
    pub rankscale: usize,
    /// The arm.
    pub arm: Arm,
    /// Its strength, where this rankscale and arm have several: lambda, and the peak learning rate.
    pub strength: Option<[f64; 2]>,
    /// By seed.
    pub runs: Vec<Run>,
}

/// A run as it is now.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its folder's name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Epochs that are planned.
    pub epochs: usize,
    /// How far it has come.
    pub headway: Arc<Headway>,
    /// Why it failed, as its log says.
    pub failed: Option<Said>,
}

/// What a log said last of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The log.
    pub log: PathBuf,
    /// The words, without the run's name.
    pub words: String,
    /// The line before it, which often holds the reason.
    pub before: Option<String>,
}

/// Something that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The run or the file.
    pub of: String,
    /// What happened.
    pub what: String,
    /// Lines of a log that say more.
    pub lines: Vec<String>,
}

/// What `analysis` last said of an experiment.
#[derive(Debug, Clone)]
pub enum SoFar {
    /// Nothing about this experiment, for this reason; the command that makes it.
    Missing {
        /// Why.
        reason: String,
        /// The command.
        command: String,
    },
    /// Its summary.
    Found {
        /// `analysis/summary.json`.
        summary: Arc<Summary>,
        /// When it was written.
        written: SystemTime,
        /// The command that makes it anew.
        command: String,
    },
}

/// A machine's load and memory; what the system does not tell is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Machine {
    /// Its name.
    pub host: Option<String>,
    /// Its cores.
    pub cores: usize,
    /// Processes that run or wait to, as a mean of the last minute.
    pub load: Option<f64>,
    /// Bytes of memory that are taken, and all there are.
    pub memory: Option<[u64; 2]>,
}

impl Sweep {
    /// All runs, cell by cell.
    pub fn runs(&self) -> impl Iterator<Item = (&Cell, &Run)> {
        self.cells.iter().flat_map(|cell| cell.runs.iter().map(move |run| (cell, run)))
    }

    /// How many runs there are of a condition.
    #[must_use]
    pub fn count(&self, condition: Condition) -> usize {
        self.runs().filter(|(_, run)| run.condition() == condition && run.failed.is_none()).count()
    }

    /// Runs that failed, by their log.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.runs().filter(|(_, run)| run.failed.is_some()).count()
    }

    /// The share of all epochs that is saved.
    #[must_use]
    pub fn share(&self) -> f64 {
        let [done, planned] = self.runs().fold([0, 0], |[done, planned], (_, run)| {
            [done + run.epochs_done().min(run.epochs), planned + run.epochs]
        });
        done as f64 / planned.max(1) as f64
    }

    /// How long all of it takes, if as many run at once as now; none where nothing runs, or nothing has a pace yet.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let paces: Vec<f64> = self.runs().filter_map(|(_, run)| run.headway.epoch_seconds()).collect();
        let mean = (!paces.is_empty()).then(|| paces.iter().sum::<f64>() / paces.len() as f64)?;
        let unended = self.runs().filter(|(_, run)| !run.condition().has_ended());
        let seconds: f64 = unended.map(|(_, run)| run.seconds_left(mean)).sum();
        let at_once = self.count(Condition::Running);
        (at_once > 0).then(|| Duration::try_from_secs_f64(seconds / at_once as f64).ok()).flatten()
    }

    /// The look of one of its arms, the one that it has in the report.
    #[must_use]
    pub fn look(&self, arm: Arm) -> Look {
        let own: Vec<Arm> = self.arms.iter().copied().filter(|arm| look::house(*arm).is_none()).collect();
        look::arm(arm, &own, |arm| self.arms.contains(&arm))
    }
}

impl Run {
    /// What has become of it.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.headway.condition
    }

    /// Epochs that are saved.
    #[must_use]
    pub fn epochs_done(&self) -> usize {
        // An imported run has its last epoch alone.
        self.headway.epochs.last().map_or(0, |row| row.epoch as usize)
    }

    /// The share of its epochs that is saved.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.epochs_done() as f64 / self.epochs.max(1) as f64
    }

    /// Whether it runs by its record, and yet nothing of it was written for long.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let patience = SILENT_SECONDS.max(SILENT_EPOCHS * self.headway.epoch_seconds().unwrap_or(0.0));
        self.condition() == Condition::Running
            && self.headway.quiet.is_some_and(|quiet| quiet.as_secs_f64() > patience)
    }

    /// How long it has still to go at its own pace; none where it does not run or has no pace yet.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let pace = self.headway.epoch_seconds().filter(|_| self.condition() == Condition::Running)?;
        Duration::try_from_secs_f64(self.seconds_left(pace)).ok()
    }

    /// Seconds of the epochs that are not saved, at its own pace or else another one. Of the epoch under way, what has passed is counted.
    fn seconds_left(&self, else_pace: f64) -> f64 {
        let pace = self.headway.epoch_seconds().unwrap_or(else_pace);
        let passed = match (self.condition(), self.headway.quiet) {
            (Condition::Running, Some(quiet)) => quiet.as_secs_f64().min(pace),
            _ => 0.0,
        };
        let epochs = self.epochs.saturating_sub(self.epochs_done()) as f64;
        (pace * epochs - passed).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_judged_as_the_listing_of_jobs_judges_it() {
        let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/status.py");
        let said = format!("SILENT_EPOCHS, SILENT_SECONDS = {SILENT_EPOCHS}, {SILENT_SECONDS}\n");
        assert!(fs_err::read_to_string(tool).unwrap().contains(&said), "{said}");
    }
}
