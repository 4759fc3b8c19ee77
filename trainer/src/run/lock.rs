//! The lock of a run's folder: who holds it trains the run, and nobody else touches its files.
//!
//! *Invariant:* a lock that is held has its file in the folder; when it is let go of, no file of it stays, and no half-written one of
//! a process that was killed.

use artifacts::atomic;
use artifacts::run::RunFolder;
use fs_err as fs;
use std::io;
use std::os::unix::fs::MetadataExt;

/// A lock that is held.
#[derive(Debug)]
pub struct Lock<'a> {
    folder: &'a RunFolder,
    _file: fs::File,
}

impl<'a> Lock<'a> {
    /// Takes the lock of a folder, which is made if need be, and removes what killed processes left there; none where another process
    /// holds it.
    ///
    /// # Errors
    /// The file system's.
    pub fn take(folder: &'a RunFolder) -> io::Result<Option<Self>> {
        fs::create_dir_all(folder.path())?;
        loop {
            let file = fs::File::create(folder.lock_path())?;
            if file.file().try_lock().is_err() {
                return Ok(None);
            }
            // Whoever held it may have removed the file in the meantime; then this is the lock of nothing.
            let there = fs::metadata(folder.lock_path()).map(|there| there.ino());
            if there.is_ok_and(|there| file.metadata().is_ok_and(|held| held.ino() == there)) {
                atomic::clear(folder.path())?;
                return Ok(Some(Self { folder, _file: file }));
            }
        }
    }

    /// Removes what killed processes left in the folder of a run that nobody trains.
    ///
    /// # Errors
    /// The file system's.
    pub fn tidy(folder: &'a RunFolder) -> io::Result<()> {
        if atomic::has_leftovers(folder.path())? || folder.lock_path().exists() {
            Self::take(folder)?;
        }
        Ok(())
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // While it is still held, so that nobody else's is removed.
        let _ = fs::remove_file(self.folder.lock_path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
