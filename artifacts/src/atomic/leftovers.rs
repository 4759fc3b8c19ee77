//! Temporary names, and what killed processes left under them.

use crate::reading::is_there;
use fs_err as fs;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The prefix of temporary names.
pub(super) const PARTIAL: &str = ".partial-";
/// The age from which a temporary file counts as abandoned.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// Removes the temporary files that killed processes left in a directory. Must be called only while nobody
/// else writes there.
///
/// # Errors
/// Those of the file system.
pub fn clear(directory: &Path) -> io::Result<()> {
    leftovers(directory)?.iter().try_for_each(fs::remove_file)
}

/// Returns whether a directory has temporary files; false if the directory is missing.
///
/// # Errors
/// Those of the file system.
pub fn has_leftovers(directory: &Path) -> io::Result<bool> {
    Ok(is_there(directory)? && !leftovers(directory)?.is_empty())
}

/// Returns whether a file's name is a temporary one.
#[must_use]
pub fn is_partial(name: &str) -> bool {
    name.starts_with(PARTIAL)
}

/// Removes temporary files and folders that nobody has written to for a day: no write takes that long, so
/// their processes were killed.
pub(super) fn remove_abandoned(directory: &Path) {
    let is_old = |path: &PathBuf| {
        let modified = fs::symlink_metadata(path).and_then(|found| found.modified());
        modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED_AFTER))
    };
    // A process that cannot remove them can still write.
    for path in leftovers(directory).unwrap_or_default().into_iter().filter(is_old) {
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
}

fn leftovers(directory: &Path) -> io::Result<Vec<PathBuf>> {
    with_prefix(directory, PARTIAL)
}

/// Returns what is in a directory under a name with this prefix.
///
/// # Errors
/// Those of the file system.
pub fn with_prefix(directory: &Path, prefix: &str) -> io::Result<Vec<PathBuf>> {
    let has_it = |path: &PathBuf| {
        path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(prefix))
    };
    let paths = fs::read_dir(directory)?.map(|entry| Ok(entry?.path()));
    Ok(paths.collect::<io::Result<Vec<_>>>()?.into_iter().filter(has_it).collect())
}
