//! The two halves of a data set, by name.

use std::path::Path;

/// The two halves of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The training images.
    Train,
    /// The test images.
    Test,
}

/// Joins the fingerprints of both halves, as runs name their images.
#[must_use]
pub fn joined(fingerprints: [&str; 2]) -> String {
    fingerprints.join(":")
}

impl Split {
    /// Both halves, in the order in which they are prepared.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// Returns the name in files and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }

    /// Returns the half whose file has this name; `None` for a file with another name.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        Self::ALL.into_iter().find(|split| path.file_stem().is_some_and(|stem| stem == split.name()))
    }
}
