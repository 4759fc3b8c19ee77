//! The lock of a run's folder: who holds it trains the run, and nobody else touches its files.
//!
//! It is two things: a lock of the operating system, which tells at once, where the file system has such, and a claim (`artifacts::claim`), which
//! holds on every file system and between machines.
//!
//! *Invariant:* a lock that is held has its file in the folder; when it is let go of, no file of it stays, and no half-written one of
//! a process that was killed. Who lost it can write nothing.

use artifacts::claim::{self, Claim, Wish};
use artifacts::lock::LockError;
use artifacts::run::RunFolder;
use artifacts::{atomic, lock};
use std::io;
use std::path::Path;

/// A lock that is held.
#[derive(Debug)]
pub struct Lock {
    // Let go of first.
    claim: Claim,
    _held: Option<lock::Lock>,
}

impl Lock {
    /// Takes the lock of a folder, which is made if need be, and removes what killed processes left there; none where another process
    /// holds it, or may hold it ([`Lock::is_unknown`]).
    ///
    /// # Errors
    /// The file system's, which names the file.
    pub fn take(folder: &RunFolder) -> io::Result<Option<Self>> {
        let held = match lock::Lock::take(&folder.lock_path()) {
            Ok(held) => Some(held),
            Err(LockError::Held(_)) => return Ok(None),
            Err(LockError::Io(error)) => return Err(error),
            Err(error) if error.has_no_locks() => None,
            Err(error) => return Err(io::Error::other(error)),
        };
        match Claim::wish(folder.path())? {
            Wish::Granted(claim) => {
                atomic::clear(folder.path())?;
                Ok(Some(Self { claim, _held: held }))
            }
            Wish::Taken | Wish::Unknown => Ok(None),
        }
    }

    /// Whether it is not known yet that the holder of this folder's lock lives: a later try may have it.
    #[must_use]
    pub fn is_unknown(folder: &RunFolder) -> bool {
        claim::is_unknown(folder.path())
    }

    /// Whether another process has taken it over.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.claim.is_lost()
    }

    /// Lets go of the lock of a folder that was moved.
    pub fn end_in(mut self, place: &Path) {
        self.claim.moved(place);
    }

    /// Removes what killed processes left in the folder of a run that nobody trains.
    ///
    /// # Errors
    /// The file system's.
    pub fn tidy(folder: &RunFolder) -> io::Result<()> {
        let path = folder.path();
        if atomic::has_leftovers(path)? || claim::has_leftovers(path)? || folder.lock_path().exists() {
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
