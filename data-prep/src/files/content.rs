//! The kind of a file, determined by its first bytes, because names and addresses are unreliable.

use crate::files::binary::BinaryVersion;
use artifacts::dataset::{RECORD_BYTES, Task};
use std::path::Path;

/// The number of first bytes that [`Content::of`] needs.
pub const HEAD_BYTES: usize = 512;

/// A kind of file from which images can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Gzip, presumably the authors' archive.
    Gzip,
    /// Tar: the authors' archive as some browsers leave it, already decompressed.
    Tar,
    /// Parquet: the mirror's, or our own.
    Parquet,
}

/// A kind of file from which no image can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoData {
    /// A web page, which a server sends in place of a file.
    #[error(
        "is a web page, as a network sends that wants a sign-in, or a server that has moved the file: sign in and try again, or take \
         the authors' archive (cifar-10-binary.tar.gz; CIFAR-100: cifar-100-binary.tar.gz)"
    )]
    WebPage,
    /// A Git LFS pointer, which `git clone` leaves in place of a large file.
    #[error("is a Git LFS pointer, not the file itself: fetch it with `git lfs pull`")]
    LfsPointer,
    /// A Python pickle, which can run arbitrary code when read.
    #[error(
        "is a Python pickle, which can run code when it is read: take the binary version (cifar-10-binary.tar.gz; \
         CIFAR-100: cifar-100-binary.tar.gz)"
    )]
    Pickle,
    /// Packed in a format that is not read here.
    #[error(
        "is {0}: unpack it, and give what it holds (a folder cifar-10-batches-bin or cifar-100-binary, or the mirror's parquet files)"
    )]
    Packed(&'static str),
    /// An encrypted parquet file.
    #[error("is an encrypted parquet file: it is not damaged, but must be written again without encryption")]
    Encrypted,
    /// A known format without a data set in a form that is read here.
    #[error(
        "is {0}, not a form of a data set that data-prep reads: take the authors' archive (cifar-10-binary.tar.gz; CIFAR-100: \
         cifar-100-binary.tar.gz)"
    )]
    Other(&'static str),
    /// An empty file, most likely an interrupted copy.
    #[error("is empty")]
    Empty,
    /// An unknown format.
    #[error("is neither a gzip archive nor a parquet file: it begins with {0}")]
    Unknown(String),
}

/// The first bytes of formats in which a data set is often packed.
const PACKED: [(&[u8], &str); 7] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
];
const OTHER: [(&[u8], &str); 6] = [
    (b"\x89PNG", "a single PNG image"),
    (b"\xff\xd8\xff", "a single JPEG image"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"ARROW1", "an Arrow IPC file"),
    (b"\xff\xff\xff\xff", "an Arrow IPC stream"),
];
const CIFAR100_RECORD_BYTES: u64 = BinaryVersion::of(Task::Cifar100).record_bytes() as u64;

impl NoData {
    /// Describes a file without a known magic number by its size.
    #[must_use]
    pub fn of_size(bytes: u64) -> Option<Self> {
        if bytes == 0 {
            None
        } else if bytes.is_multiple_of(RECORD_BYTES as u64) {
            Some(Self::Other("of the size of CIFAR-10's records, but not named as one of its six files are"))
        } else if bytes.is_multiple_of(CIFAR100_RECORD_BYTES) {
            Some(Self::Other("of the size of CIFAR-100's records, but not named train.bin or test.bin"))
        } else {
            None
        }
    }
}

/// Describes a directory that holds no data set in a form that is read here.
#[must_use]
pub fn folder(path: &Path, task: Task) -> Option<String> {
    let has = |name: &str| path.join(name).exists();
    let (version, class) = (BinaryVersion::of(task), task.class_names()[0]);
    let archive = version.archive;
    let pickles = |task| match task {
        Task::Cifar10 => has("data_batch_1"),
        Task::Cifar100 => has("meta") && has("train") && has("test"),
    };
    let names = |task| match task {
        Task::Cifar10 => has("batches.meta.txt"),
        Task::Cifar100 => has("fine_label_names.txt"),
    };
    let holds = |other: &&BinaryVersion| {
        other.files().chain([other.folder, other.python_folder]).any(has)
            || names(other.task)
            || pickles(other.task)
    };
    let mut others = Task::ALL.map(BinaryVersion::of).into_iter().filter(|other| other.task != task);
    if pickles(task) || has(version.python_folder) {
        Some(format!(
            "holds the Python version, whose batches are pickles, which can run code when they are read: take {archive}"
        ))
    } else if let Some(other) = others.find(holds) {
        let (found, name) = (other.task, other.task.name());
        Some(format!("holds {found}, not {task}: take {archive}, or prepare {found} with DATASET={name}"))
    } else if [class, "train/0", "train/plane"].iter().any(|name| has(name)) {
        Some(format!(
            "holds folders of single images, but not train/{class}, test/{class} and so on for all {} classes: rename them, \
             or take {archive}",
            task.classes()
        ))
    } else {
        None
    }
}

impl Content {
    /// Determines the kind of a file from its first bytes.
    ///
    /// # Errors
    /// The file cannot hold a data set.
    pub fn of(head: &[u8]) -> Result<Self, NoData> {
        let text = String::from_utf8_lossy(head).to_lowercase();
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        match head {
            [] => Err(NoData::Empty),
            [0x1f, 0x8b, ..] => Ok(Self::Gzip),
            [b'P', b'A', b'R', b'1', ..] => Ok(Self::Parquet),
            [b'P', b'A', b'R', b'E', ..] => Err(NoData::Encrypted),
            // The magic number of every tar since 1988 follows name, mode, owner, size, time and link.
            _ if head.get(257..262) == Some(b"ustar") => Ok(Self::Tar),
            [0x80, 2..=5, ..] => Err(NoData::Pickle),
            _ if text.starts_with("version https://git-lfs") => Err(NoData::LfsPointer),
            _ if ["<!doctype html", "<html", "<head", "<?xml", "<!--"]
                .iter()
                .any(|tag| text.starts_with(tag)) =>
            {
                Err(NoData::WebPage)
            }
            _ if let Some(what) = known(&PACKED, head) => Err(NoData::Packed(what)),
            _ if let Some(what) = known(&OTHER, head) => Err(NoData::Other(what)),
            _ => Err(NoData::Unknown(head[..head.len().min(16)].escape_ascii().to_string())),
        }
    }
}

fn known(kinds: &[(&[u8], &'static str)], head: &[u8]) -> Option<&'static str> {
    kinds.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart() {
        assert_eq!(Content::of(b"\x1f\x8b\x08rest"), Ok(Content::Gzip));
        assert_eq!(Content::of(b"PAR1rest"), Ok(Content::Parquet));
        let mut header = tar::Header::new_ustar();
        header.set_cksum();
        assert_eq!(Content::of(header.as_bytes()), Ok(Content::Tar));
    }

    #[test]
    fn what_is_no_data_is_called_by_its_name() {
        let message = |head: &[u8]| Content::of(head).unwrap_err().to_string();
        assert!(message(b"\xef\xbb\xbf\n <!DOCTYPE html><title>404</title>").contains("web page"));
        assert!(message(b"<html>").contains("web page"));
        assert!(message(b"version https://git-lfs.github.com/spec/v1\noid").contains("git lfs pull"));
        assert!(message(b"\x80\x02}q\x01").contains("cifar-10-binary.tar.gz"));
        assert!(message(b"").contains("empty"));
        assert!(message(b"\x01\x02").contains(r"\x01\x02"));
        // With and without the zip64 extensions.
        assert!(message(b"PK\x03\x04\x2d\0").contains("zip archive: unpack it"));
        assert!(message(b"\x28\xb5\x2f\xfd\0").contains("zstd: unpack it"));
        assert!(message(b"PARE").contains("encrypted parquet"));
        assert!(message(b"\x89PNG\r\n").contains("single PNG"));
        assert!(NoData::of_size(3074 * 10_000).unwrap().to_string().contains("CIFAR-100"));
        assert!(NoData::of_size(3073 * 3).unwrap().to_string().contains("cifar-10-binary.tar.gz"));
        assert_eq!(NoData::of_size(5), None);
    }
}
