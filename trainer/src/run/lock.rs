//! The lock of a run's folder: its holder trains the run, and nobody else touches its files.
//!
//! It consists of a lock of the operating system, which answers at once if the file system supports it, and
//! of a claim (`artifacts::claim`), which works on every file system and between machines.
//!
//! *Invariant:* a held lock has its file in the folder; after its release no file of it stays, and no
//! half-written file of a process that was killed. A process that lost the lock can write nothing.

use artifacts::claim::{self, Claim, Wish};
use artifacts::lock::LockError;
use artifacts::reading::is_there;
use artifacts::run::RunFolder;
use artifacts::{atomic, lock};
use std::io;
use std::path::Path;

/// A lock that is held.
#[derive(Debug)]
pub struct Lock {
    // The first field, so that it is released first.
    claim: Claim,
    _held: Option<lock::Lock>,
}

impl Lock {
    /// Takes the lock of a folder, which is created if necessary, and removes what killed processes left
    /// there; `None` if another process holds it, or may hold it ([`Lock::is_unknown`]).
    ///
    /// # Errors
    /// Those of the file system, which name the file.
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

    /// Returns whether it is still unknown if the holder of this folder's lock is alive; a later attempt may
    /// succeed.
    #[must_use]
    pub fn is_unknown(folder: &RunFolder) -> bool {
        claim::is_unknown(folder.path())
    }

    /// Returns whether another process has taken the lock over.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.claim.is_lost()
    }

    /// Releases the lock of a folder that was moved to `place`.
    pub fn end_in(mut self, place: &Path) {
        self.claim.moved(place);
    }

    /// Removes what killed processes left in the folder of a run that nobody trains.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn tidy(folder: &RunFolder) -> io::Result<()> {
        let path = folder.path();
        if atomic::has_leftovers(path)? || claim::has_leftovers(path)? || is_there(&folder.lock_path())? {
            Self::take(folder)?;
        }
        Ok(())
    }
}

/// Says that runs are claimed where this process cannot see their owners, and how long it takes to know more.
#[must_use]
pub fn waiting(runs: usize) -> String {
    let claimed = if runs == 1 { "1 run is claimed".to_owned() } else { format!("{runs} runs are claimed") };
    format!(
        "{claimed} from elsewhere (another machine or container, or before a restart): in {} s it is known whether anybody trains there",
        claim::dead_after().as_secs()
    )
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
