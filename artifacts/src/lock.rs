//! File locks, which end with the process that holds them.
//!
//! *Invariant:* "another process is at work" is said only if that is so; any other reason why a file cannot
//! be locked is named with the file. A held lock has its file, and after its release no file of it stays.

use crate::atomic::make_directories;
use fs_err as fs;
use std::fs::TryLockError;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A lock that could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("{0}: another process is at work here: wait for it, or choose another directory with --work")]
    Held(PathBuf),
    /// The file system has no locks, or refuses this one.
    #[error("{path}: cannot be locked: choose a file system that has locks with --work")]
    Refused {
        /// The file.
        path: PathBuf,
        /// The file system's error.
        source: io::Error,
    },
    /// The file of the lock cannot be created.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl LockError {
    /// Returns whether the file system has no locks at all, as opposed to one that fails now.
    #[must_use]
    pub fn has_no_locks(&self) -> bool {
        let Self::Refused { source, .. } = self else { return false };
        let codes = [libc::ENOLCK, libc::ENOSYS, libc::EOPNOTSUPP, libc::ENOTSUP];
        source.raw_os_error().is_some_and(|code| codes.contains(&code))
    }
}

/// A held lock, with a file of its own.
#[derive(Debug)]
pub struct Lock {
    file: fs::File,
}

impl Lock {
    /// Takes the lock that has its file at `path`. Missing parent directories are created.
    ///
    /// # Errors
    /// Another process holds the lock, or the file cannot be created or locked.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        if let Some(directory) = path.parent() {
            make_directories(directory)?;
        }
        loop {
            let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            if let Err(error) = whole_file(&file) {
                if let LockError::Refused { .. } = error {
                    let _ = fs::remove_file(path);
                }
                return Err(error);
            }
            // The former holder may have removed the file in the meantime; then this lock protects nothing.
            let there = fs::metadata(path).map(|there| there.ino());
            if there.is_ok_and(|there| file.metadata().is_ok_and(|held| held.ino() == there)) {
                return Ok(Self { file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while the lock is still held, so that nobody else's file is removed.
        let _ = fs::remove_file(self.file.path());
    }
}

/// Locks an existing file that serves another purpose, until it is closed.
///
/// # Errors
/// Another process holds the lock, or the file cannot be locked.
pub fn whole_file(file: &fs::File) -> Result<(), LockError> {
    loop {
        match file.file().try_lock() {
            // A signal arrived while the server of a network file system was asked.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return judge(outcome, file.path()),
        }
    }
}

fn judge(outcome: Result<(), TryLockError>, path: &Path) -> Result<(), LockError> {
    let path = path.to_owned();
    match outcome {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(LockError::Held(path)),
        Err(TryLockError::Error(source)) => Err(LockError::Refused { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn who_comes_second_is_told_and_may_come_again_or_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        let (here, elsewhere) = (root.path().join("w/.lock"), root.path().join("v/.lock"));
        let held = Lock::take(&here).unwrap();
        let Err(error @ LockError::Held(_)) = Lock::take(&here) else { panic!("it is held") };
        let message = error.to_string();
        assert!(message.contains("w/.lock: another process") && message.contains("--work"), "{message}");
        assert!(Lock::take(&elsewhere).is_ok());
        drop(held);
        assert!(!here.exists() && !elsewhere.exists(), "no file of a lock stays");
        assert!(Lock::take(&here).is_ok());
    }

    #[test]
    fn what_a_killed_process_left_is_no_lock() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(".lock");
        fs::write(&path, "").unwrap();
        drop(Lock::take(&path).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn of_many_who_take_and_release_it_at_once_one_holds_it() {
        let root = tempfile::tempdir().unwrap();
        let (path, inside) = (root.path().join(".lock"), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut times = 0;
                    while times < 50 {
                        let taken = Lock::take(&path);
                        if matches!(taken, Err(LockError::Held(_))) {
                            continue;
                        }
                        let _lock = taken.unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two inside");
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        times += 1;
                    }
                });
            }
        });
        assert!(!path.exists());
    }

    #[test]
    fn any_other_failure_is_named_with_its_file_and_is_nobody_at_work() {
        for kind in [io::ErrorKind::Unsupported, io::ErrorKind::PermissionDenied] {
            let outcome = Err(TryLockError::Error(io::Error::new(kind, "the reason")));
            let error = judge(outcome, Path::new("w/.lock")).unwrap_err();
            assert!(matches!(error, LockError::Refused { .. }));
            assert!(error.to_string().contains("w/.lock: cannot be locked"), "{error}");
            assert_eq!(error.source().unwrap().to_string(), "the reason");
        }
        // A directory in its place cannot be opened as a file.
        let root = tempfile::tempdir().unwrap();
        let Err(LockError::Io(error)) = Lock::take(root.path()) else { panic!("no file") };
        assert!(error.to_string().contains(&root.path().display().to_string()), "{error}");
    }
}
