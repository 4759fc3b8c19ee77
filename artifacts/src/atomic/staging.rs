//! Staging directories, from which files are renamed to their destinations, so that a process can be stopped
//! from writing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The staging directory of each directory, for this process; by default, files are staged beside their
/// destinations.
static STAGING: LazyLock<Mutex<HashMap<PathBuf, PathBuf>>> = LazyLock::new(Mutex::default);

/// A directory whose files are staged elsewhere, until this is dropped.
#[derive(Debug)]
pub struct Staged(PathBuf, PathBuf);

/// Makes this process stage the files of a directory in `staging`, on the same file system. Whoever removes
/// `staging` stops this process from writing into the directory, or removing from it, at once and
/// permanently.
pub fn stage(directory: &Path, staging: PathBuf) -> Staged {
    STAGING.lock().unwrap_or_else(PoisonError::into_inner).insert(directory.to_owned(), staging.clone());
    Staged(directory.to_owned(), staging)
}

impl Drop for Staged {
    fn drop(&mut self) {
        let mut all = STAGING.lock().unwrap_or_else(PoisonError::into_inner);
        // It may already have been replaced by another.
        if all.get(&self.0) == Some(&self.1) {
            all.remove(&self.0);
        }
    }
}

pub(super) fn staging(directory: &Path) -> Option<PathBuf> {
    STAGING.lock().unwrap_or_else(PoisonError::into_inner).get(directory).cloned()
}
