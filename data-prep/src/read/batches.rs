//! The authors' archive, unpacked: a directory with record files.
//!
//! *Invariant:* a directory is accepted only if all files are there and each consists of complete records.

use crate::files::binary::{BinaryVersion, Limits};
use crate::files::halves::Halves;
use anyhow::{Result, bail, ensure};
use artifacts::Sha256Sum;
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Finds the directory that a path stands for: the path itself, the archive's folder below it, or the
/// directory of such a file.
///
/// # Errors
/// Some of the files are there, but not all.
pub fn find(path: &Path, version: &BinaryVersion) -> Result<Option<PathBuf>> {
    let around =
        path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let directory = if path.is_dir() {
        let some = |at: &PathBuf| missing(at, version).len() < version.files().count();
        [path.to_owned(), path.join(version.folder)].into_iter().find(some)
    } else {
        around.filter(|_| version.file(path).is_some()).map(Path::to_owned)
    };
    let Some(directory) = directory else { return Ok(None) };
    let missing = missing(&directory, version);
    if !missing.is_empty() {
        bail!(
            "{}: has files of {}, but no {}: put all {} into one directory and give that, or give {}",
            directory.display(),
            version.task,
            missing.join(", no "),
            version.files().count(),
            version.archive
        );
    }
    Ok(Some(directory))
}

fn missing(directory: &Path, version: &BinaryVersion) -> Vec<&'static str> {
    version.files().filter(|name| !directory.join(name).is_file()).collect()
}

/// Reads the records of all files, and computes the SHA-256 of the concatenated files.
///
/// # Errors
/// A file is missing, too large, or has an incomplete record.
pub fn read(
    directory: &Path,
    version: &BinaryVersion,
    limits: Limits,
) -> Result<(Halves<Vec<u8>>, Sha256Sum)> {
    let (mut halves, mut hash) = (Halves { train: Vec::new(), test: Vec::new() }, Sha256::new());
    let (size, labels) = (version.record_bytes(), version.task.classes());
    for name in version.files() {
        let path = directory.join(name);
        let bytes = fs::metadata(&path)?.len();
        ensure!(
            bytes <= limits.member && bytes % size as u64 == 0,
            "{}: has {bytes} bytes, expected records of {size} bytes, {} at most: copy it again",
            path.display(),
            limits.member
        );
        let half = halves.half(version.half(name));
        let start = half.len();
        fs::File::open(&path)?.take(limits.member).read_to_end(half)?;
        let class = |record: &[u8]| record[version.task.label_bytes() - 1];
        let mut classes = half[start..].chunks(size).map(class).enumerate();
        if let Some((record, label)) = classes.find(|(_, class)| usize::from(*class) >= labels) {
            bail!("{}: record {record} has label {label}: labels are 0 to {}", path.display(), labels - 1);
        }
        hash.update(&half[start..]);
    }
    Ok((halves, Sha256Sum(hash.finalize().into())))
}
