//! How far a run has come, by what lies in its folder: from any machine that sees it, whoever trains it.
//!
//! *Invariant:* nothing is written and nothing locked, so that a look never disturbs who trains.

use super::{EpochRow, RunError, RunFolder, RunRecord, Status};
use crate::claim;
use fs_err as fs;
use std::time::{Duration, SystemTime};

/// Of so many last epochs the mean time counts.
const LAST: usize = 5;

/// What has become of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// Nothing of it is there yet.
    Waiting,
    /// Under way. A process that was killed leaves this, until somebody looks at its claim.
    Running,
    /// It stopped, or was killed, and goes on from its last epoch.
    Stopped,
    /// All epochs are there.
    Done,
    /// The loss was no longer a finite number; it ends here.
    Diverged,
    /// Its files cannot be used.
    Unusable,
}

impl Condition {
    /// The name in listings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Diverged => "diverged",
            Self::Unusable => "unusable",
        }
    }

    /// Whether there is nothing left to train.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Diverged)
    }
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Headway {
    /// What has become of it.
    pub condition: Condition,
    /// What it is; none where nothing of it can be read.
    pub record: Option<RunRecord>,
    /// The epochs that are saved.
    pub epochs: Vec<EpochRow>,
    /// Since its folder was last written to; none where nothing is there.
    pub quiet: Option<Duration>,
    /// Why it cannot be read.
    pub reason: Option<String>,
}

impl Headway {
    /// Reads a run's folder, which may be missing.
    #[must_use]
    pub fn read(folder: &RunFolder) -> Self {
        let read = if folder.record_path().exists() { Some(folder.read()) } else { None };
        let quiet = quiet(folder);
        let without = |condition, reason| Self { condition, record: None, epochs: Vec::new(), quiet, reason };
        match read {
            None => without(Condition::Waiting, None),
            Some(Ok((record, epochs))) => {
                let condition = match record.status {
                    // Killed, and its lock went with another look at it.
                    Status::Running if !folder.lock_path().exists() && !claim::is_there(folder.path()) => {
                        Condition::Stopped
                    }
                    Status::Running => Condition::Running,
                    Status::Interrupted => Condition::Stopped,
                    Status::Done => Condition::Done,
                    Status::Diverged => Condition::Diverged,
                };
                Self { condition, record: Some(record), epochs, quiet, reason: None }
            }
            // A file that is being replaced between two looks at it.
            Some(Err(RunError::Io(error))) => without(Condition::Running, Some(error.to_string())),
            Some(Err(error)) => without(Condition::Unusable, Some(error.to_string())),
        }
    }

    /// Accuracy after the last epoch that is saved, as a fraction.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        self.epochs.last().map(|row| row.test_accuracy)
    }

    /// Training images a second in the last epoch that is saved.
    #[must_use]
    pub fn images_per_second(&self) -> Option<f64> {
        self.epochs.last().and_then(|row| row.images_per_second)
    }

    /// Mean seconds of the last epochs, evaluation included.
    #[must_use]
    pub fn epoch_seconds(&self) -> Option<f64> {
        let last = &self.epochs[self.epochs.len().saturating_sub(LAST)..];
        let seconds: Option<f64> =
            last.iter().map(|row| row.train_seconds.zip(row.test_seconds).map(|(a, b)| a + b)).sum();
        seconds.filter(|_| !last.is_empty()).map(|sum| sum / last.len() as f64)
    }

    /// The machine where it began.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.record.as_ref().and_then(|record| record.origin.provenance()).map(|made| made.host.as_str())
    }
}

/// Since one of a run's files was last written.
fn quiet(folder: &RunFolder) -> Option<Duration> {
    let paths = [folder.record_path(), folder.epochs_path()];
    let written = paths.iter().filter_map(|path| fs::metadata(path).ok()?.modified().ok()).max()?;
    // The clock of a file server may be ahead.
    Some(SystemTime::now().duration_since(written).unwrap_or_default())
}
