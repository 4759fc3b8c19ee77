//! The progress of a run, read from its folder: from any machine that sees it, whoever trains it.
//!
//! *Invariant:* nothing is written and nothing locked, so that reading never disturbs the training process.

use super::{EpochRow, RunError, RunFolder, RunRecord, Status};
use crate::{claim, reading};
use fs_err as fs;
use serde::Serialize;
use std::time::{Duration, SystemTime};

/// The number of last epochs whose mean time is taken.
const LAST: usize = 5;

/// The condition of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// The run has not begun.
    Waiting,
    /// The run is under way. A killed process leaves this condition until another process checks its claim.
    Running,
    /// The run stopped or was killed, and resumes from its last epoch.
    Stopped,
    /// All epochs are done.
    Done,
    /// The loss was no longer finite; the run ends here.
    Diverged,
    /// The files of the run cannot be used.
    Unusable,
}

impl Condition {
    /// All conditions, in the order in which they are counted.
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Running, Self::Stopped, Self::Waiting, Self::Diverged, Self::Unusable];

    /// Returns the name in listings.
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

    /// Returns whether there is nothing left to train.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Diverged)
    }
}

/// The progress of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Headway {
    /// The condition of the run.
    pub condition: Condition,
    /// The record of the run; `None` if nothing of it can be read.
    pub record: Option<RunRecord>,
    /// The saved epochs.
    pub epochs: Vec<EpochRow>,
    /// The time since its folder was last written to; `None` if there is no file.
    pub quiet: Option<Duration>,
    /// The reason why it cannot be read.
    pub reason: Option<String>,
}

impl Headway {
    /// Reads a run's folder, which may be missing.
    #[must_use]
    pub fn read(folder: &RunFolder) -> Self {
        let quiet = quiet(folder);
        let without = |condition, reason| Self { condition, record: None, epochs: Vec::new(), quiet, reason };
        let read = match reading::is_there(&folder.record_path()) {
            Ok(found) => found.then(|| folder.read()),
            Err(error) => return without(Condition::Unusable, Some(error.to_string())),
        };
        match read {
            None => without(Condition::Waiting, None),
            Some(Ok((record, epochs))) => {
                let condition = match record.status {
                    // The run was killed, and another process has since removed its lock.
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
            // A file that is being replaced while it is read.
            Some(Err(RunError::Io(error))) => without(Condition::Running, Some(error.to_string())),
            Some(Err(error)) => without(Condition::Unusable, Some(error.to_string())),
        }
    }

    /// Returns the accuracy after the last saved epoch, a fraction.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        self.epochs.last().map(|row| row.test_accuracy)
    }

    /// Returns the training images per second in the last saved epoch.
    #[must_use]
    pub fn images_per_second(&self) -> Option<f64> {
        self.epochs.last().and_then(|row| row.images_per_second)
    }

    /// Returns the mean seconds of the last epochs, evaluation included.
    #[must_use]
    pub fn epoch_seconds(&self) -> Option<f64> {
        let last = &self.epochs[self.epochs.len().saturating_sub(LAST)..];
        let seconds: Option<f64> =
            last.iter().map(|row| row.train_seconds.zip(row.test_seconds).map(|(a, b)| a + b)).sum();
        seconds.filter(|_| !last.is_empty()).map(|sum| sum / last.len() as f64)
    }

    /// Returns the host on which the run was last taken up.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.record.as_ref().and_then(|record| record.parts().last()).map(|made| made.host.as_str())
    }
}

/// Returns the time since one of a run's files was last written.
fn quiet(folder: &RunFolder) -> Option<Duration> {
    let paths = [folder.record_path(), folder.epochs_path()];
    let written = paths.iter().filter_map(|path| fs::metadata(path).ok()?.modified().ok()).max()?;
    // The clock of a file server may be ahead.
    Some(SystemTime::now().duration_since(written).unwrap_or_default())
}
