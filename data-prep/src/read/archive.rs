//! The authors' archive: six files of records, `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.
//!
//! *Invariant:* the archive is read as a stream; no member is ever written anywhere, and no more than
//! [`Limits`] allow is kept in memory or unpacked, whatever the archive claims.

use crate::files::halves::Halves;
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};
use std::path::{Component, Path};

pub(crate) const BATCHES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// What an archive may hold, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of one batch.
    pub member: u64,
    /// Of everything in the archive, unpacked.
    pub total: u64,
}

impl Limits {
    /// A batch is 10,000 records; the whole archive is six of them and three small files.
    pub const CIFAR10: Self = Self { member: 10_000 * 3073, total: 256 << 20 };
}

/// An archive that does not hold CIFAR-10, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Cut short, or with bytes changed on the way.
    #[error("the archive is cut short or damaged: {0}")]
    Damaged(#[from] io::Error),
    /// A member that wants to be written elsewhere.
    #[error("member `{0}` points outside the archive: refused")]
    Outside(String),
    /// A batch that is a link or a directory.
    #[error("member `{0}` is not an ordinary file")]
    NotAFile(String),
    /// A batch twice.
    #[error("member `{0}` is there twice")]
    Twice(String),
    /// A batch that is larger than it can be.
    #[error("member `{name}` has {bytes} bytes: a batch has at most {limit}")]
    Large {
        /// Of the member.
        name: String,
        /// What its header says.
        bytes: u64,
        /// What is allowed.
        limit: u64,
    },
    /// Compressed so well that it cannot be photographs.
    #[error("the archive unpacks to more than {0} bytes: refused")]
    Bomb(u64),
    /// The version for Python.
    #[error(
        "member `{0}` is of the Python version, whose batches are pickles, which can run code when they are read: \
         take the binary version, cifar-10-binary.tar.gz"
    )]
    Pickle(String),
    /// Another data set of the same authors.
    #[error("member `{0}` is of CIFAR-100: take CIFAR-10's binary version, cifar-10-binary.tar.gz")]
    Cifar100(String),
    /// Folders of images, packed.
    #[error(
        "member `{0}` is a single image: unpack the archive, and give the folder with `train` and `test` in it"
    )]
    Image(String),
    /// A batch is not there.
    #[error("the archive holds no {}: expected the six batches of the binary version", .0.join(", no "))]
    Missing(Vec<&'static str>),
}

/// The records in a tar, compressed with gzip or not.
///
/// # Errors
/// An archive that is damaged, too large, or not the authors' binary version.
pub fn read(file: impl Read, gzip: bool, limits: Limits) -> Result<Halves<Vec<u8>>, ArchiveError> {
    if gzip { read_tar(MultiGzDecoder::new(file), limits) } else { read_tar(file, limits) }
}

fn read_tar(stream: impl Read, limits: Limits) -> Result<Halves<Vec<u8>>, ArchiveError> {
    let mut archive = tar::Archive::new(Bounded { stream, left: limits.total });
    let outcome = read_members(&mut archive, limits).and_then(|halves| {
        // A checksum stands behind the last byte of a gzip stream: read on to have it verified.
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
    limits: Limits,
) -> Result<Halves<Vec<u8>>, ArchiveError> {
    let mut halves = Halves { train: Vec::new(), test: Vec::new() };
    let mut found = [false; BATCHES.len()];
    for member in archive.entries()? {
        let member = member?;
        let path = member.path()?.into_owned();
        let name = path.display().to_string();
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(ArchiveError::Outside(name));
        }
        let Some(batch) = batch(&path) else {
            if path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("cifar-100")) {
                return Err(ArchiveError::Cifar100(name));
            }
            if is_pickle(&path) {
                return Err(ArchiveError::Pickle(name));
            }
            if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
                return Err(ArchiveError::Image(name));
            }
            continue;
        };
        if !member.header().entry_type().is_file() {
            return Err(ArchiveError::NotAFile(name));
        }
        if std::mem::replace(&mut found[batch], true) {
            return Err(ArchiveError::Twice(name));
        }
        if member.size() > limits.member {
            return Err(ArchiveError::Large { name, bytes: member.size(), limit: limits.member });
        }
        let half = if BATCHES[batch] == "test_batch.bin" { &mut halves.test } else { &mut halves.train };
        let expected = half.len() as u64 + member.size();
        member.take(limits.member).read_to_end(half)?;
        if half.len() as u64 != expected {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("`{name}` ends early")).into());
        }
    }
    let missing: Vec<_> =
        BATCHES.into_iter().zip(found).filter(|(_, found)| !found).map(|(name, _)| name).collect();
    if missing.is_empty() { Ok(halves) } else { Err(ArchiveError::Missing(missing)) }
}

fn batch(path: &Path) -> Option<usize> {
    BATCHES.iter().position(|name| path.file_name().is_some_and(|file| file == *name))
}

fn is_pickle(path: &Path) -> bool {
    BATCHES.iter().any(|name| path.file_name().is_some_and(|file| file == name.trim_end_matches(".bin")))
}

/// Refuses to give more than a number of bytes.
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
