//! Why a data file is refused, or cannot be read or written.
//!
//! *Invariant:* a message names the file and the rule it breaks.

use parquet::errors::ParquetError;
use std::io;
use std::path::PathBuf;

/// What to do about a damaged file.
pub(super) const ADVICE: &str = "; delete it, and `just data` prepares it again";

/// A file that is no data set, or cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file system's word; it names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Half a file, another kind of file, or a damaged one.
    #[error("{path}: is not a whole parquet file{ADVICE}")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the reader stumbled over.
        source: ParquetError,
    },
    /// Parquet, but not written by this project.
    #[error("{path}: {rule}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The rule it breaks, with the column or key.
        rule: String,
    },
    /// Rows that are not what the metadata says.
    #[error("{path}: damaged: content fingerprint is {found}, but its metadata says {expected}{ADVICE}")]
    Fingerprint {
        /// The file.
        path: PathBuf,
        /// From the metadata.
        expected: String,
        /// From the rows.
        found: String,
    },
}
