//! The state of an experiment in a work folder at one moment, as values.
//!
//! *Invariant:* whether a run is under way is decided once, by [`artifacts::run::Headway`]; here it is only
//! combined with the logs.

use artifacts::Exact;
use artifacts::look::{self, Look};
use artifacts::run::{Condition, Headway};
use artifacts::study::Summary;
use network::Arm;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A run without a new epoch for this many times the duration of an epoch may have died; `tools/status.py`
/// uses the same value, and a test compares the two.
pub const SILENT_EPOCHS: f64 = 4.0;
/// The least number of seconds before a run counts as silent.
pub const SILENT_SECONDS: f64 = 300.0;

/// The state of a work folder at one moment.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The work folder.
    pub work: PathBuf,
    /// The sweep in it, or the reason why there is none to show.
    pub sweep: Result<Sweep, Nothing>,
    /// The machine that reads the folder, which may not be the one that trains.
    pub machine: Machine,
    /// The time at which this was read.
    pub read: SystemTime,
}

/// The reason why there is no sweep to show, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nothing {
    /// What was found, in a sentence.
    pub found: String,
    /// Commands that help, each with its meaning.
    pub advice: Vec<(String, String)>,
}

/// An experiment and its runs.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// The name of the experiment.
    pub experiment: String,
    /// The question that it asks.
    pub title: String,
    /// What the accuracies are of: `test` or `held-out` images, or `judging` ones where runs differ in it.
    pub judged_by: &'static str,
    /// The cells, sorted by rankscale and arm.
    pub cells: Vec<Cell>,
    /// The arms, in the order in which documents list them.
    pub arms: Vec<Arm>,
    /// The latest results of `analysis`.
    pub endpoint: SoFar,
    /// Problems that a person should look at.
    pub troubles: Vec<Trouble>,
}

/// The runs that differ only in their seed.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The rankscale.
    pub rankscale: usize,
    /// The arm.
    pub arm: Arm,
    /// The strength: lambda and peak learning rate.
    pub strength: [f64; 2],
    /// Whether this rankscale and arm have several strengths, so that a label names it.
    pub labelled: bool,
    /// What else runs share that make a pair: the hash of their recipe, whatever its peak learning rate, and
    /// their engine.
    pub shares: String,
    /// The recipe's hash or the engine, or both, if cells of this rankscale, arm and strength differ in them.
    pub kind: Option<String>,
    /// The runs, sorted by seed.
    pub runs: Vec<Run>,
}

/// The current state of a run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The name of its folder.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// The number of planned epochs.
    pub epochs: usize,
    /// The progress of the run, from its files.
    pub headway: Arc<Headway>,
    /// The reason of its failure, from its log, if it failed.
    pub failed: Option<Said>,
}

/// The last log line of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The log.
    pub log: PathBuf,
    /// The line, without the run's name.
    pub words: String,
    /// The line before it, which often holds the reason.
    pub before: Option<String>,
}

/// A problem that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The run or the file.
    pub of: String,
    /// What happened.
    pub what: String,
    /// Log lines that say more.
    pub lines: Vec<String>,
}

/// The latest results of `analysis` for an experiment.
#[derive(Debug, Clone)]
pub enum SoFar {
    /// There are no results for this experiment.
    Missing {
        /// The reason.
        reason: String,
        /// The command that computes them.
        command: String,
    },
    /// There are results.
    Found {
        /// The contents of `analysis/summary.json`.
        summary: Arc<Summary>,
        /// The time at which it was written.
        written: SystemTime,
        /// The command that updates it.
        command: String,
    },
}

/// Load and memory of a machine; `None` if the system does not report a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Machine {
    /// The name of the host.
    pub host: Option<String>,
    /// The number of cores.
    pub cores: usize,
    /// The load average of the last minute: processes that run or wait to run.
    pub load: Option<f64>,
    /// The bytes of memory in use, and all bytes.
    pub memory: Option<[u64; 2]>,
}

impl Sweep {
    /// Iterates over all runs, cell by cell.
    pub fn runs(&self) -> impl Iterator<Item = (&Cell, &Run)> {
        self.cells.iter().flat_map(|cell| cell.runs.iter().map(move |run| (cell, run)))
    }

    /// Counts the runs of a condition.
    #[must_use]
    pub fn count(&self, condition: Condition) -> usize {
        self.runs().filter(|(_, run)| run.condition() == condition && run.failed.is_none()).count()
    }

    /// Counts the runs that failed according to their log.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.runs().filter(|(_, run)| run.failed.is_some()).count()
    }

    /// Returns the fraction of all epochs that is saved.
    #[must_use]
    pub fn share(&self) -> f64 {
        let [done, planned] = self.runs().fold([0, 0], |[done, planned], (_, run)| {
            [done + run.epochs_done().min(run.epochs), planned + run.epochs]
        });
        done as f64 / planned.max(1) as f64
    }

    /// Estimates the time until all runs have ended, if as many run at once as now; `None` if nothing runs,
    /// or no pace is known yet.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let paces: Vec<f64> = self.runs().filter_map(|(_, run)| run.headway.epoch_seconds()).collect();
        let mean = (!paces.is_empty()).then(|| paces.iter().sum::<f64>() / paces.len() as f64)?;
        let unended = self.runs().filter(|(_, run)| !run.condition().has_ended());
        let seconds: f64 = unended.map(|(_, run)| run.seconds_left(mean)).sum();
        let at_once = self.count(Condition::Running);
        (at_once > 0).then(|| Duration::try_from_secs_f64(seconds / at_once as f64).ok()).flatten()
    }

    /// Returns the look of one of its arms, which is the same as in the report.
    #[must_use]
    pub fn look(&self, arm: Arm) -> Look {
        let own: Vec<Arm> = self.arms.iter().copied().filter(|arm| look::house(*arm).is_none()).collect();
        look::arm(arm, &own, |arm| self.arms.contains(&arm))
    }
}

impl Cell {
    /// Returns whether runs of one seed in these cells make a pair: each at its own strength where each arm
    /// has only one, otherwise at the same.
    #[must_use]
    pub fn pairs_with(&self, other: &Self) -> bool {
        let one_each = !self.labelled && !other.labelled;
        self.rankscale == other.rankscale
            && self.shares == other.shares
            && (one_each || self.strength.map(Exact::of) == other.strength.map(Exact::of))
    }
}

impl Run {
    /// Returns the condition of the run.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.headway.condition
    }

    /// Returns the number of saved epochs.
    #[must_use]
    pub fn epochs_done(&self) -> usize {
        // An imported run has only its last epoch.
        self.headway.epochs.last().map_or(0, |row| row.epoch as usize)
    }

    /// Returns the fraction of its epochs that is saved.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.epochs_done() as f64 / self.epochs.max(1) as f64
    }

    /// Returns whether the run is under way according to its record, although nothing of it was written for
    /// long.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let patience = SILENT_SECONDS.max(SILENT_EPOCHS * self.headway.epoch_seconds().unwrap_or(0.0));
        self.condition() == Condition::Running
            && self.headway.quiet.is_some_and(|quiet| quiet.as_secs_f64() > patience)
    }

    /// Estimates the time until the run ends, at its own pace; `None` if it is not running or has no pace
    /// yet.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let pace = self.headway.epoch_seconds().filter(|_| self.condition() == Condition::Running)?;
        Duration::try_from_secs_f64(self.seconds_left(pace)).ok()
    }

    /// Returns the expected seconds of the epochs that are not saved, at its own pace or else at `else_pace`,
    /// minus the time that the epoch under way has taken.
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
