//! The authors' archive of record files, for CIFAR-10 `data_batch_1.bin` to `data_batch_5.bin` and
//! `test_batch.bin`.
//!
//! *Invariant:* the archive is read as a stream; no member is ever written to disk, and no more than
//! [`Limits`] allow is kept in memory or unpacked, whatever the archive claims.

use crate::files::binary::{BinaryVersion, Limits};
use crate::files::halves::Halves;
use artifacts::dataset::Task;
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};
use std::path::{Component, Path};

/// An archive that does not hold a complete data set.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The archive is truncated, or some of its bytes were changed.
    #[error("the archive is cut short or damaged: {0}")]
    Damaged(#[from] io::Error),
    /// A member has a path outside of the archive.
    #[error("member `{0}` points outside the archive: refused")]
    Outside(String),
    /// A batch is a link or a directory.
    #[error("member `{0}` is not an ordinary file")]
    NotAFile(String),
    /// A batch occurs twice.
    #[error("member `{0}` is there twice")]
    Twice(String),
    /// A batch is larger than it can be.
    #[error("member `{name}` has {bytes} bytes: a batch has at most {limit}")]
    Large {
        /// The name of the member.
        name: String,
        /// The size in its header.
        bytes: u64,
        /// The largest allowed size.
        limit: u64,
    },
    /// The archive unpacks to too many bytes, as a decompression bomb does.
    #[error("the archive unpacks to more than {0} bytes: refused")]
    Bomb(u64),
    /// The archive is the Python version.
    #[error(
        "member `{0}` is of the Python version, whose batches are pickles, which can run code when they are read: \
         take the binary version, {1}"
    )]
    Pickle(String, &'static str),
    /// The archive is of another data set of the same authors.
    #[error("member `{name}` is of {found}: take {archive}, or prepare {found} with DATASET={}", found.name())]
    Another {
        /// The name of the member.
        name: String,
        /// The data set that it belongs to.
        found: Task,
        /// The archive that was expected.
        archive: &'static str,
    },
    /// The archive contains folders of images.
    #[error(
        "member `{0}` is a single image: unpack the archive, and give the folder with `train` and `test` in it"
    )]
    Image(String),
    /// Some batches are missing.
    #[error("the archive holds no {}: expected all files of the binary version", .0.join(", no "))]
    Missing(Vec<&'static str>),
}

/// Reads the authors' records from a tar archive, compressed with gzip or not.
///
/// # Errors
/// The archive is damaged, too large, or not the authors' binary version.
pub fn read(
    file: impl Read,
    gzip: bool,
    version: &BinaryVersion,
    limits: Limits,
) -> Result<Halves<Vec<u8>>, ArchiveError> {
    if gzip { read_tar(MultiGzDecoder::new(file), version, limits) } else { read_tar(file, version, limits) }
}

fn read_tar(
    stream: impl Read,
    version: &BinaryVersion,
    limits: Limits,
) -> Result<Halves<Vec<u8>>, ArchiveError> {
    let mut archive = tar::Archive::new(Bounded { stream, left: limits.total });
    let outcome = read_members(&mut archive, version, limits).and_then(|halves| {
        // The checksum follows the last byte of a gzip stream, so the stream is read to its end to have it
        // verified.
        io::copy(&mut archive.into_inner(), &mut io::sink())?;
        Ok(halves)
    });
    match outcome {
        Err(ArchiveError::Damaged(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
            Err(ArchiveError::Bomb(limits.total))
        }
        outcome => outcome,
    }
}

fn read_members<R: Read>(
    archive: &mut tar::Archive<R>,
    version: &BinaryVersion,
    limits: Limits,
) -> Result<Halves<Vec<u8>>, ArchiveError> {
    let mut halves = Halves { train: Vec::new(), test: Vec::new() };
    let mut found = Vec::new();
    for member in archive.entries()? {
        let member = member?;
        let path = member.path()?.into_owned();
        let name = path.display().to_string();
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(ArchiveError::Outside(name));
        }
        if let Some(found) = another(&path, version) {
            return Err(ArchiveError::Another { name, found, archive: version.archive });
        }
        let Some(file) = version.file(&path) else {
            if member.header().entry_type().is_file() && is_pickle(&path, version) {
                return Err(ArchiveError::Pickle(name, version.archive));
            }
            if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
                return Err(ArchiveError::Image(name));
            }
            continue;
        };
        if !member.header().entry_type().is_file() {
            return Err(ArchiveError::NotAFile(name));
        }
        if found.contains(&file) {
            return Err(ArchiveError::Twice(name));
        }
        found.push(file);
        if member.size() > limits.member {
            return Err(ArchiveError::Large { name, bytes: member.size(), limit: limits.member });
        }
        let half = halves.half(version.half(file));
        let expected = half.len() as u64 + member.size();
        member.take(limits.member).read_to_end(half)?;
        if half.len() as u64 != expected {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("`{name}` ends early")).into());
        }
    }
    let missing: Vec<_> = version.files().filter(|name| !found.contains(name)).collect();
    if missing.is_empty() { Ok(halves) } else { Err(ArchiveError::Missing(missing)) }
}

/// Returns the other data set whose folder is part of this path, if any.
fn another(path: &Path, version: &BinaryVersion) -> Option<Task> {
    let others = Task::ALL.map(BinaryVersion::of).into_iter().filter(|other| *other != version);
    others
        .filter(|other| within(path, other.folder) || within(path, other.python_folder))
        .map(|other| other.task)
        .next()
}

fn is_pickle(path: &Path, version: &BinaryVersion) -> bool {
    let name = |file: &str| path.file_name().is_some_and(|name| name == file.trim_end_matches(".bin"));
    within(path, version.python_folder) || version.files().any(name)
}

fn within(path: &Path, folder: &str) -> bool {
    path.components().any(|part| part.as_os_str() == folder)
}

/// A reader that fails after a number of bytes.
struct Bounded<R> {
    stream: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
