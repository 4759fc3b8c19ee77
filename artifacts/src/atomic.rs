//! Atomic file writes: the one place that gives a file its final name.
//!
//! A file is written beside its destination under a temporary name, flushed to the disk, and renamed. A crash
//! at any instant leaves the old file or the new one, never a part.
//!
//! *Invariant:* a rename survives a power failure: the directory of a file is flushed after the rename, and
//! the parent of a directory after its creation. Some file systems cannot flush directories and report so,
//! which is ignored; no other error is.

mod folder;
mod leftovers;
mod staging;

pub use folder::{files_below, replace_folder};
pub use leftovers::{clear, has_leftovers, is_partial, with_prefix};
pub use staging::{Staged, stage};

use crate::reading::is_there;
use fs_err as fs;
use leftovers::{PARTIAL, remove_abandoned};
use serde::Serialize;
use staging::staging;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tempfile::TempPath;

/// Writes a file through `fill`, all or nothing. Missing parent directories are created.
///
/// # Errors
/// Those of the file system or of `fill`; the destination is then unchanged, and no temporary file stays.
pub fn write_with<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&fs::File>) -> Result<(), E>,
) -> Result<(), E> {
    written(path, fill)?.persist(path).map_err(|failure| unwritten(path, &failure.error))?;
    // The rename itself is durable once the directory is flushed.
    Ok(sync_directory(parent(path))?)
}

/// Writes a file unless there is one, all or nothing, and returns whether it did. Of several processes at
/// once, one does.
///
/// # Errors
/// Those of the file system.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let taken = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
    let wrote = match written(path, |writer| writer.write_all(bytes))?.persist_noclobber(path) {
        Ok(()) => true,
        Err(failure) if taken(&failure.error) => false,
        Err(failure) => match std::fs::hard_link(&failure.path, path) {
            Ok(()) => true,
            Err(error) if taken(&error) || is_there(path)? => false,
            // Some file systems can only replace.
            Err(_) => {
                failure.path.persist(path).map_err(|failure| unwritten(path, &failure.error))?;
                true
            }
        },
    };
    // Also where another process wrote it, because what follows counts on it.
    sync_directory(parent(path))?;
    Ok(wrote)
}

fn unwritten(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: cannot be written: {error}", path.display()))
}

/// Writes a file under a temporary name and flushes it.
fn written<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&fs::File>) -> Result<(), E>,
) -> Result<TempPath, E> {
    let directory = parent(path);
    let staging = staging(directory);
    if staging.is_none() {
        make_directories(directory)?;
    }
    remove_abandoned(directory);
    let place = staging.as_deref().unwrap_or(directory);
    let temporary = tempfile::Builder::new().prefix(PARTIAL).tempfile_in(place).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot write in {}: {error}", directory.display()))
    })?;
    let (file, temporary) = temporary.into_parts();
    let file = fs::File::from_parts(file, path);
    let mut writer = BufWriter::with_capacity(1 << 20, &file);
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    // Set before the flush, so that the permissions reach the disk with the bytes.
    set_ordinary_permissions(&file)?;
    file.sync_all()?;
    Ok(temporary)
}

/// Creates a directory and its missing parents.
///
/// # Errors
/// Those of the file system.
pub fn make_directories(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let above = parent(directory);
    make_directories(above)?;
    match fs::create_dir(directory) {
        // Another process has created it in the meantime.
        Err(_) if directory.is_dir() => {}
        made => made?,
    }
    sync_directory(above)
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    match fs::File::open(directory)?.file().sync_all() {
        Err(error) if !cannot_be_synced(&error) => {
            Err(io::Error::new(error.kind(), format!("{}: cannot be flushed: {error}", directory.display())))
        }
        _ => Ok(()),
    }
}

/// Returns whether a file system reports that it cannot flush directories (some CIFS, some FUSE), as opposed
/// to a flush that failed.
fn cannot_be_synced(error: &io::Error) -> bool {
    let codes = [libc::EINVAL, libc::ENOTSUP, libc::EOPNOTSUPP];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// Writes bytes, all or nothing.
///
/// # Errors
/// Those of the file system; the destination is then unchanged.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    write_with(path, |writer| writer.write_all(bytes.as_ref()))
}

/// Formats a value as indented JSON, with a newline at its end.
///
/// # Errors
/// The value has no JSON form.
pub fn json(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut json = serde_json::to_vec_pretty(value)?;
    json.push(b'\n');
    Ok(json)
}

/// Removes a file if it exists, so that it stays removed after a power failure.
///
/// # Errors
/// Those of the file system.
pub fn remove(path: &Path) -> io::Result<()> {
    let staging = staging(parent(path));
    let removed = match &staging {
        // A file is removed by way of the staging directory, as it is written: a process that lost the right
        // to write cannot remove it either.
        Some(staging) => {
            let gone = staging.join(format!("{PARTIAL}removed"));
            fs::rename(path, &gone).and_then(|()| fs::remove_file(gone))
        }
        None => fs::remove_file(path),
    };
    match removed {
        Err(error)
            if error.kind() == io::ErrorKind::NotFound && staging.is_none_or(|staging| staging.is_dir()) =>
        {
            Ok(())
        }
        Err(error) => Err(error),
        Ok(()) => sync_directory(parent(path)),
    }
}

/// Temporary files are private; the final files are as readable as any other file.
#[cfg(unix)]
fn set_ordinary_permissions(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_ordinary_permissions(_: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
