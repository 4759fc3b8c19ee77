//! The authors' archive, unpacked: a directory with the six batches.
//!
//! *Invariant:* a directory is taken only if all six are there and each is a whole number of records.

use crate::files::halves::Halves;
use crate::read::archive::{BATCHES, Limits};
use anyhow::{Result, bail, ensure};
use artifacts::Sha256Sum;
use artifacts::dataset::{CLASS_NAMES, RECORD_BYTES};
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

const CLASSES: usize = CLASS_NAMES.len();

/// What the authors' archive unpacks to.
pub const FOLDER: &str = "cifar-10-batches-bin";

/// The directory with the batches that a path stands for: itself, the one below it, or the one that a batch lies in.
///
/// # Errors
/// Some of the batches are there, but not all.
pub fn find(path: &Path) -> Result<Option<PathBuf>> {
    let around =
        path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let directory = if path.is_dir() {
        [path.to_owned(), path.join(FOLDER)].into_iter().find(|at| missing(at).len() < BATCHES.len())
    } else {
        let is_batch = path.file_name().is_some_and(|name| BATCHES.iter().any(|batch| name == *batch));
        around.filter(|_| is_batch).map(Path::to_owned)
    };
    let Some(directory) = directory else { return Ok(None) };
    let missing = missing(&directory);
    if !missing.is_empty() {
        bail!(
            "{}: has batches of CIFAR-10, but no {}: put all six into one directory and give that, or give \
             cifar-10-binary.tar.gz",
            directory.display(),
            missing.join(", no ")
        );
    }
    Ok(Some(directory))
}

fn missing(directory: &Path) -> Vec<&'static str> {
    BATCHES.into_iter().filter(|name| !directory.join(name).is_file()).collect()
}

/// The records of six batches, and the SHA-256 of all of them one after the other.
///
/// # Errors
/// A batch that is missing, too large, or no whole number of records.
pub fn read(directory: &Path, limits: Limits) -> Result<(Halves<Vec<u8>>, Sha256Sum)> {
    let (mut halves, mut hash) = (Halves { train: Vec::new(), test: Vec::new() }, Sha256::new());
    for name in BATCHES {
        let path = directory.join(name);
        let bytes = fs::metadata(&path)?.len();
        ensure!(
            bytes <= limits.member && bytes % RECORD_BYTES as u64 == 0,
            "{}: has {bytes} bytes, expected records of {RECORD_BYTES} bytes, {} at most: copy it again",
            path.display(),
            limits.member
        );
        let half = if name == "test_batch.bin" { &mut halves.test } else { &mut halves.train };
        let start = half.len();
        fs::File::open(&path)?.take(limits.member).read_to_end(half)?;
        if let Some(record) =
            half[start..].chunks(RECORD_BYTES).position(|record| usize::from(record[0]) >= CLASSES)
        {
            let label = half[start + record * RECORD_BYTES];
            bail!("{}: record {record} has label {label}: labels are 0 to {}", path.display(), CLASSES - 1);
        }
        hash.update(&half[start..]);
    }
    Ok((halves, Sha256Sum(hash.finalize().into())))
}
