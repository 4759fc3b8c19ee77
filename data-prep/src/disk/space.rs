//! Free disk space: checked before work starts, and named if it runs out nevertheless.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// There is not enough disk space for what is about to be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{directory}: {needed} are needed, but the disk has {available} left: free some, or choose another disk with --work"
)]
pub struct TooSmall {
    /// The directory on that disk.
    pub directory: PathBuf,
    /// The space that is needed.
    pub needed: Megabytes,
    /// The space that is available.
    pub available: Megabytes,
}

/// Bytes, displayed as megabytes and rounded up, so that 0 MB means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Megabytes(pub u64);

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MB", self.0.div_ceil(1_000_000))
    }
}

/// Compares the bytes needed with the bytes available.
///
/// # Errors
/// They do not fit.
pub fn require(directory: &Path, needed: u64, available: u64) -> Result<(), TooSmall> {
    if needed <= available {
        return Ok(());
    }
    let (needed, available) = (Megabytes(needed), Megabytes(available));
    Err(TooSmall { directory: directory.to_owned(), needed, available })
}

/// Returns whether the root cause of an error is a full disk, for which no other source can help.
#[must_use]
pub fn is_full(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<TooSmall>()
            || cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::StorageFull)
    })
}

/// Adds advice about a full disk, once, in place of the file system's own message.
#[must_use]
pub fn advise(error: anyhow::Error, work: &Path) -> anyhow::Error {
    if !is_full(&error) || error.chain().any(<dyn std::error::Error>::is::<TooSmall>) {
        return error;
    }
    // The file system's message is a cause of its own, or follows the file's name.
    let mut words: Vec<String> = error
        .chain()
        .map(|cause| cause.to_string().split("No space left").next().unwrap_or_default().to_owned())
        .map(|words| words.trim_end_matches([':', ' ']).to_owned())
        .filter(|words| !words.is_empty())
        .collect();
    words.push(format!(
        "no space left on the disk of {}: free some, or choose another disk with --work",
        work.display()
    ));
    anyhow::anyhow!(words.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_in_megabytes() {
        assert_eq!(require(Path::new("w"), 10, 10), Ok(()));
        let message = require(Path::new("w"), 340_000_000, 12_300_001).unwrap_err().to_string();
        assert!(message.starts_with("w: 340 MB are needed, but the disk has 13 MB left"), "{message}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_fills_up_is_named_with_what_to_do() {
        use std::io::Write;
        let mut device = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = anyhow::Error::new(device.write_all(b"x").unwrap_err()).context("train.parquet");
        assert!(is_full(&error));
        let message = format!("{:#}", advise(error, Path::new("work")));
        assert!(message.starts_with("train.parquet: no space left on the disk of work: free"), "{message}");
        assert_eq!(message.to_lowercase().matches("no space left").count(), 1, "{message}");
        let mut device = fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = anyhow::Error::new(device.write_all(b"x").unwrap_err());
        let message = format!("{:#}", advise(error, Path::new("work")));
        assert!(message.contains("/dev/full") && message.contains("--work"), "{message}");
        assert_eq!(message.to_lowercase().matches("no space left").count(), 1, "{message}");
        assert!(!is_full(&anyhow::anyhow!("something else")));
    }
}
