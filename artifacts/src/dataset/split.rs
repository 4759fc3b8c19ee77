//! The two halves of a data set, by name.

use std::path::Path;

/// The two halves of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Images to learn from.
    Train,
    /// Images to be judged by.
    Test,
}

impl Split {
    /// Both, in the order in which they are prepared.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// The name in files and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }

    /// The half whose file has this name; none for a file of another name.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        Self::ALL.into_iter().find(|split| path.file_stem().is_some_and(|stem| stem == split.name()))
    }
}
