//! Remains that a process which died has left in a directory.
//!
//! *Invariant:* only files with names that only this program gives are removed, and only by the holder of the
//! lock.

use anyhow::Result;
use artifacts::Layout;
use artifacts::atomic;
use artifacts::atomic::remove;
use artifacts::dataset::Task;
use artifacts::lock::Lock;
use fs_err as fs;
use std::path::{Path, PathBuf};

/// Removes temporary files, and of the partial downloads the empty ones, or all.
///
/// # Errors
/// Those of the file system, except that a file is already gone.
pub fn sweep(_held: &Lock, directory: &Path, all_downloads: bool) -> Result<()> {
    if !directory.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let empty = |path: &Path| fs::metadata(path).map_or(true, |found| found.len() == 0);
        let dead = if atomic::is_partial(&name) {
            true
        } else if let Some(part) = name.strip_suffix(".json").filter(|part| is_download(part)) {
            all_downloads || empty(&path.with_file_name(part))
        } else {
            is_download(&name) && (all_downloads || empty(&path))
        };
        if dead && entry.file_type()?.is_file() {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Removes temporary files if the data is already prepared and no other process is at work. What cannot be
/// removed stays.
pub fn tidy(layout: &Layout, task: Task) {
    let directories = [layout.data(task), layout.downloads(task)];
    let left = |directory: &PathBuf| atomic::has_leftovers(directory).unwrap_or(false);
    if directories.iter().any(left)
        && let Ok(held) = Lock::take(&layout.data_lock(task))
    {
        for directory in &directories {
            drop(sweep(&held, directory, false));
        }
    }
}

/// Returns the missing directories on the path to this one, the deepest first.
#[must_use]
pub fn missing(directory: &Path) -> Vec<PathBuf> {
    directory
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .map(Path::to_owned)
        .collect()
}

/// Returns whether a name is that of a partial download: eight digits of the hash of its address, its name,
/// `.part`.
fn is_download(name: &str) -> bool {
    name.strip_suffix(".part")
        .and_then(|name| name.split_once('-'))
        .is_some_and(|(digits, _)| digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let dead =
            [".partial-x", "0123abcd-empty.part", "0123abcd-empty.part.json", "0123abcd-gone.part.json"];
        let resumable = ["0123abcd-begun.part", "0123abcd-begun.part.json"];
        let foreign = ["mine.part", "notes.part.json", "0123abcd-whole.parquet", "x-0123abcd.part"];
        for name in dead.iter().chain(&resumable).chain(&foreign) {
            fs::write(at(name), if name.contains("empty.part") { "" } else { "bytes" }).unwrap();
        }
        let held = Lock::take(&at(".lock")).unwrap();
        sweep(&held, directory.path(), false).unwrap();
        assert!(dead.iter().all(|name| !at(name).exists()));
        assert!(resumable.iter().chain(&foreign).all(|name| at(name).exists()));
        sweep(&held, directory.path(), true).unwrap();
        assert!(resumable.iter().all(|name| !at(name).exists()));
        assert!(foreign.iter().all(|name| at(name).exists()));
        assert!(sweep(&held, &at("nowhere"), true).is_ok());
    }

    #[test]
    fn what_was_left_beside_whole_data_goes_unless_somebody_is_at_work() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let left = [
            layout.data(Task::Cifar10).join(".partial-x"),
            layout.downloads(Task::Cifar10).join(".partial-y"),
        ];
        for path in &left {
            atomic::write(path, "half").unwrap();
        }
        let held = Lock::take(&layout.data_lock(Task::Cifar10)).unwrap();
        tidy(&layout, Task::Cifar10);
        assert!(left.iter().all(|path| path.exists()));
        drop(held);
        tidy(&layout, Task::Cifar10);
        assert!(!left.iter().any(|path| path.exists()));
    }
}
