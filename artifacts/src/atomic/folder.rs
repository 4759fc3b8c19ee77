//! Replacement of a folder as a whole.

use super::leftovers::PARTIAL;
use super::{make_directories, parent, remove, sync_directory, write};
use fs_err as fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Makes a folder hold these files, by their names below it, and no others of `ours`, all or nothing.
///
/// The new folder is written beside the old one and exchanged with it in one step. If the file system has no
/// such step, or the folder is a symbolic link or holds files that are not among `ours`, files are replaced
/// one after the other, and old ones are removed last.
///
/// # Errors
/// Those of the file system; if the folder is replaced in one step, its old contents then stay.
pub fn replace_folder(path: &Path, files: &[(PathBuf, &[u8])], ours: &[PathBuf]) -> io::Result<()> {
    make_directories(path)?;
    let is_ours = !path.is_symlink() && files_below(path)?.iter().all(|name| ours.contains(name));
    if is_ours && change_places(path, files)? {
        return Ok(());
    }
    for (name, bytes) in files {
        write(&path.join(name), bytes)?;
    }
    let is_old = |name: &&PathBuf| !files.iter().any(|(new, _)| new == *name);
    ours.iter().filter(is_old).try_for_each(|name| remove(&path.join(name)))
}

/// Writes the files into a new folder, and exchanges it with the one at `path`; false if the file system has
/// no such step.
fn change_places(path: &Path, files: &[(PathBuf, &[u8])]) -> io::Result<bool> {
    let above = parent(path);
    let fresh = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(above).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot write in {}: {error}", above.display()))
    })?;
    fs::set_permissions(fresh.path(), std::fs::Permissions::from_mode(0o755))?;
    for (name, bytes) in files {
        write(&fresh.path().join(name), bytes)?;
    }
    match exchange(fresh.path(), path) {
        // The temporary folder is now the old one, and is removed.
        Ok(()) => sync_directory(above).map(|()| true),
        Err(error) if has_no_exchange(&error) => Ok(false),
        Err(error) => {
            Err(io::Error::new(error.kind(), format!("{}: cannot be replaced: {error}", path.display())))
        }
    }
}

#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Returns whether an error says that these two folders cannot be exchanged, as opposed to an exchange that
/// failed.
fn has_no_exchange(error: &io::Error) -> bool {
    let codes = [libc::EINVAL, libc::ENOSYS, libc::ENOTSUP, libc::EOPNOTSUPP, libc::EXDEV, libc::EBUSY];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// Returns the files below a folder, by their names below it.
///
/// # Errors
/// Those of the file system.
pub fn files_below(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        if entry.file_type()?.is_dir() {
            found.extend(files_below(&entry.path())?.into_iter().map(|deeper| name.join(deeper)));
        } else {
            found.push(name);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn names(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    fn replace(path: &Path, files: &[(&str, &str)]) -> io::Result<()> {
        let files: Vec<_> = files.iter().map(|(name, text)| (PathBuf::from(name), text.as_bytes())).collect();
        replace_folder(path, &files, &names(&["page", "figures/a", "figures/b"]))
    }

    #[test]
    fn another_folder_takes_its_place_and_nothing_of_the_old_stays() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("deep/report");
        replace(&path, &[("figures/a", "old"), ("figures/b", "old"), ("page", "old")]).unwrap();
        let before = fs::metadata(&path).unwrap();
        assert_eq!(before.mode() & 0o777, 0o755);
        replace(&path, &[("figures/b", "new"), ("page", "new")]).unwrap();
        let mut found = files_below(root.path()).unwrap();
        found.sort();
        assert_eq!(found, names(&["deep/report/figures/b", "deep/report/page"]));
        assert_eq!(fs::read_to_string(path.join("figures/b")).unwrap(), "new");
        assert_ne!(before.ino(), fs::metadata(&path).unwrap().ino(), "in one step");
    }

    #[test]
    fn a_failure_leaves_the_old_folder_whole() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("report");
        replace(&path, &[("figures/a", "old"), ("page", "old")]).unwrap();
        // A file is in the way of a folder of that name.
        assert!(replace(&path, &[("page", "new"), ("page/inside", "new")]).is_err());
        assert_eq!(fs::read_to_string(path.join("page")).unwrap(), "old");
        assert_eq!(files_below(root.path()).unwrap().len(), 2);
    }

    #[test]
    fn what_somebody_else_put_there_and_a_link_stay() {
        let root = tempfile::tempdir().unwrap();
        let (path, link) = (root.path().join("report"), root.path().join("link"));
        write(&path.join("notes"), "theirs").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        replace(&path, &[("figures/a", "old")]).unwrap();
        replace(&link, &[("figures/b", "new")]).unwrap();
        assert!(link.is_symlink());
        let mut found = files_below(&path).unwrap();
        found.sort();
        assert_eq!(found, names(&["figures/b", "notes"]));
    }
}
