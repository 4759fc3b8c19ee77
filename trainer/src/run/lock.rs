//! The lock of a run's folder: who holds it trains the run, and nobody else touches its files.
//!
//! *Invariant:* a lock that is held has its file in the folder; when it is let go of, no file of it stays, and no half-written one of
//! a process that was killed.

use artifacts::lock::LockError;
use artifacts::run::RunFolder;
use artifacts::{atomic, lock};
use std::io;

/// A lock that is held.
#[derive(Debug)]
pub struct Lock {
    _held: lock::Lock,
}

impl Lock {
    /// Takes the lock of a folder, which is made if need be, and removes what killed processes left there; none where another process
    /// holds it.
    ///
    /// # Errors
    /// The file system's, which names the file.
    pub fn take(folder: &RunFolder) -> io::Result<Option<Self>> {
        match lock::Lock::take(&folder.lock_path()) {
            Ok(held) => {
                atomic::clear(folder.path())?;
                Ok(Some(Self { _held: held }))
            }
            Err(LockError::Held(_)) => Ok(None),
            Err(LockError::Io(error)) => Err(error),
            Err(error @ LockError::Refused { .. }) => Err(io::Error::other(error)),
        }
    }

    /// Removes what killed processes left in the folder of a run that nobody trains.
    ///
    /// # Errors
    /// The file system's.
    pub fn tidy(folder: &RunFolder) -> io::Result<()> {
        if atomic::has_leftovers(folder.path())? || folder.lock_path().exists() {
            Self::take(folder)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fs_err as fs;

    #[test]
    fn one_at_a_time_and_nothing_stays() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(root.path().join("run"));
        let lock = Lock::take(&folder).unwrap().unwrap();
        assert!(Lock::take(&folder).unwrap().is_none());
        assert!(folder.lock_path().exists());
        drop(lock);
        assert!(!folder.lock_path().exists());
        assert!(Lock::take(&folder).unwrap().is_some());
    }

    #[test]
    fn a_lock_that_cannot_be_had_for_another_reason_is_an_error_with_its_path() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(root.path().join("run"));
        fs::create_dir_all(folder.lock_path()).unwrap();
        let message = Lock::take(&folder).unwrap_err().to_string();
        assert!(message.contains(&folder.lock_path().display().to_string()), "{message}");
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(root.path());
        for name in [".lock", ".partial-x1Y2z3", "run.json"] {
            atomic::write(&folder.path().join(name), "").unwrap();
        }
        let lock = Lock::take(&folder).unwrap();
        atomic::write(&folder.path().join(".partial-held"), "").unwrap();
        Lock::tidy(&folder).unwrap();
        assert!(folder.path().join(".partial-held").exists(), "another process is writing it");
        drop(lock);
        Lock::tidy(&folder).unwrap();
        let names: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["run.json"]);
    }
}
