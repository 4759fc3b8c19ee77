//! The state of a run, as a study sees it.

use crate::run::Status;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The state of a planned run, or of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All epochs are done.
    Done,
    /// The loss was no longer finite.
    Diverged,
    /// The run was stopped by a signal.
    Interrupted,
    /// The run is planned, but was never started.
    Missing,
    /// The folder cannot be used.
    Quarantined,
    /// The run is under way, or was killed.
    Running,
}

impl State {
    /// Returns the name in tables and reports.
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
