//! Errors of data files.
//!
//! *Invariant:* a message names the file and the rule it breaks.

use super::Task;
use parquet::errors::ParquetError;
use std::io;
use std::path::PathBuf;

/// A file that is not a data set, or cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file system's error; it names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is truncated, of another kind, or damaged.
    #[error("{path}: is not a whole parquet file")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The reader's error.
        source: ParquetError,
    },
    /// The file is parquet, but was not written by this project.
    #[error("{path}: {rule}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The rule it breaks, with the column or key.
        rule: String,
    },
    /// The rows do not match the metadata.
    #[error("{path}: damaged: content fingerprint is {found}, but its metadata says {expected}")]
    Fingerprint {
        /// The file.
        path: PathBuf,
        /// The fingerprint in the metadata.
        expected: String,
        /// The fingerprint of the rows.
        found: String,
    },
    /// The file is one of those that the pipeline prepares, and not as it prepares them.
    #[error("{found}; delete it, and `just data{}` prepares it again", .task.key())]
    Prepared {
        /// What is wrong with it.
        found: String,
        /// The data set that it must hold.
        task: Task,
    },
}

impl DatasetError {
    /// Adds what to do about a file that the pipeline prepares. The file system's errors stay as they are.
    pub(super) fn of_prepared(self, task: Task) -> Self {
        let found = match &self {
            Self::Io(_) | Self::Prepared { .. } => return self,
            Self::Parquet { source, .. } => format!("{self}: {source}"),
            Self::Foreign { .. } | Self::Fingerprint { .. } => self.to_string(),
        };
        Self::Prepared { found, task }
    }
}
