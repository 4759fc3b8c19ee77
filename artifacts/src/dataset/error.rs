//! Errors of data files.
//!
//! *Invariant:* a message names the file and the rule it breaks.

use parquet::errors::ParquetError;
use std::io;
use std::path::PathBuf;

/// What to do about a damaged file.
pub(super) const ADVICE: &str = "; delete it, and `just data` prepares it again";

/// A file that is not a data set, or cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file system's error; it names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is truncated, of another kind, or damaged.
    #[error("{path}: is not a whole parquet file{ADVICE}")]
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
    #[error("{path}: damaged: content fingerprint is {found}, but its metadata says {expected}{ADVICE}")]
    Fingerprint {
        /// The file.
        path: PathBuf,
        /// The fingerprint in the metadata.
        expected: String,
        /// The fingerprint of the rows.
        found: String,
    },
}
