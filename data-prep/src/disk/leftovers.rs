//! One process at a time in a directory, and what a process that died there has left.
//!
//! *Invariant:* what is removed has a name that only this program gives, and is removed only by who holds the lock.

use anyhow::{Context, Result, bail};
use artifacts::atomic;
use fs_err as fs;
use std::fs::TryLockError;
use std::path::Path;

/// Takes a file's lock, held until the file is closed.
///
/// # Errors
/// Another process holds it; or the file system's own word, when it has no locks.
pub fn take(file: &fs::File) -> Result<()> {
    judge(file.file().try_lock(), file.path())
}

fn judge(outcome: Result<(), TryLockError>, path: &Path) -> Result<()> {
    let path = path.display();
    match outcome {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "{path}: another data-prep is at work here: wait for it, or choose another directory with --work"
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| {
            format!("{path}: cannot be locked: choose a file system that has locks with --work")
        }),
    }
}

/// Takes the lock of a directory, which is made if it is missing.
///
/// # Errors
/// As [`take`]; a directory that cannot be made.
pub fn directory(directory: &Path) -> Result<fs::File> {
    fs::create_dir_all(directory)?;
    let path = directory.join(".lock");
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    take(&file)?;
    Ok(file)
}

/// Removes temporary files; of downloads those that hold nothing, or all.
///
/// # Errors
/// Whatever the file system says, except that there is nothing to remove.
pub fn sweep(_held: &fs::File, directory: &Path, all_downloads: bool) -> Result<()> {
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
            crate::fetch::download::remove(&path)?;
        }
    }
    Ok(())
}

/// Eight digits of its address, its name, `.part`.
fn is_download(name: &str) -> bool {
    name.strip_suffix(".part")
        .and_then(|name| name.split_once('-'))
        .is_some_and(|(digits, _)| digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn who_comes_second_is_told_and_may_come_again_or_elsewhere() {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let held = directory(here.path()).unwrap();
        let message = directory(here.path()).unwrap_err().to_string();
        assert!(message.contains("another data-prep") && message.contains("--work"), "{message}");
        assert!(directory(elsewhere.path()).is_ok());
        drop(held);
        assert!(directory(here.path()).is_ok());
    }

    #[test]
    fn a_file_system_without_locks_is_called_that() {
        for kind in [io::ErrorKind::Unsupported, io::ErrorKind::PermissionDenied] {
            let outcome = Err(TryLockError::Error(io::Error::new(kind, "the reason")));
            let message = format!("{:#}", judge(outcome, Path::new("w/.lock")).unwrap_err());
            assert!(
                message.contains("w/.lock: cannot be locked") && message.contains("the reason"),
                "{message}"
            );
            assert!(!message.contains("another data-prep"), "{message}");
        }
    }

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let directory_ = tempfile::tempdir().unwrap();
        let at = |name: &str| directory_.path().join(name);
        let dead =
            [".partial-x", "0123abcd-empty.part", "0123abcd-empty.part.json", "0123abcd-gone.part.json"];
        let resumable = ["0123abcd-begun.part", "0123abcd-begun.part.json"];
        let foreign = ["mine.part", "notes.part.json", "0123abcd-whole.parquet", "x-0123abcd.part"];
        for name in dead.iter().chain(&resumable).chain(&foreign) {
            fs::write(at(name), if name.contains("empty.part") { "" } else { "bytes" }).unwrap();
        }
        let held = directory(directory_.path()).unwrap();
        sweep(&held, directory_.path(), false).unwrap();
        assert!(dead.iter().all(|name| !at(name).exists()));
        assert!(resumable.iter().chain(&foreign).all(|name| at(name).exists()));
        sweep(&held, directory_.path(), true).unwrap();
        assert!(resumable.iter().all(|name| !at(name).exists()));
        assert!(foreign.iter().all(|name| at(name).exists()));
        assert!(sweep(&held, &at("nowhere"), true).is_ok());
    }
}
