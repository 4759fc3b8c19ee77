//! Folders whose files are written elsewhere first, so that who may not write them any more can be stopped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Where files of a directory are written before they are renamed, in this process; none is beside their destinations.
static STAGING: LazyLock<Mutex<HashMap<PathBuf, PathBuf>>> = LazyLock::new(Mutex::default);

/// A directory whose files are written elsewhere first, until this is dropped.
#[derive(Debug)]
pub struct Staged(PathBuf, PathBuf);

/// Lets this process write the files of a directory in `staging` first, on the same file system: whoever removes that place stops this process from
/// writing into the directory, or removing from it, at once and for good.
pub fn stage(directory: &Path, staging: PathBuf) -> Staged {
    STAGING.lock().unwrap_or_else(PoisonError::into_inner).insert(directory.to_owned(), staging.clone());
    Staged(directory.to_owned(), staging)
}

impl Drop for Staged {
    fn drop(&mut self) {
        let mut all = STAGING.lock().unwrap_or_else(PoisonError::into_inner);
        // Another one may be there already.
        if all.get(&self.0) == Some(&self.1) {
            all.remove(&self.0);
        }
    }
}

pub(super) fn staging(directory: &Path) -> Option<PathBuf> {
    STAGING.lock().unwrap_or_else(PoisonError::into_inner).get(directory).cloned()
}
