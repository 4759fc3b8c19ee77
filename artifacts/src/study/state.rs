//! What becomes of a run, seen from a study.

use crate::run::Status;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What became of a planned run, or what a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All epochs are there.
    Done,
    /// Its loss was no longer a finite number.
    Diverged,
    /// Stopped by a signal.
    Interrupted,
    /// Planned, never started.
    Missing,
    /// A folder that cannot be used.
    Quarantined,
    /// Under way, or killed without a word.
    Running,
}

impl State {
    /// The name in tables and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => Status::Done.name(),
            Self::Diverged => Status::Diverged.name(),
            Self::Interrupted => Status::Interrupted.name(),
            Self::Missing => "missing",
            Self::Quarantined => "quarantined",
            Self::Running => Status::Running.name(),
        }
    }
}

impl From<Status> for State {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => Self::Done,
            Status::Diverged => Self::Diverged,
            Status::Interrupted => Self::Interrupted,
            Status::Running => Self::Running,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
