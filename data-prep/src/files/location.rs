//! The location of a file, on this machine or on a server.

use crate::files::address::Address;
use artifacts::Sha256Sum;
use std::fmt;
use std::path::PathBuf;

/// A file on a server, and what is known about it beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its address.
    pub url: Address,
    /// Its size in bytes, if known.
    pub bytes: Option<u64>,
    /// Its SHA-256, if known.
    pub sha256: Option<Sha256Sum>,
}

impl Remote {
    /// A file of which only the address is known.
    #[must_use]
    pub fn unknown(url: &str) -> Self {
        Address::new(url).into()
    }
}

impl From<Address> for Remote {
    fn from(url: Address) -> Self {
        Self { url, bytes: None, sha256: None }
    }
}

/// The location of a file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A path on this machine.
    Path(PathBuf),
    /// An address on a server.
    Url(Remote),
}

impl Location {
    /// Returns the location of a file below this directory.
    #[must_use]
    pub fn join(&self, below: &str) -> Self {
        match self {
            Self::Path(path) => Self::Path(path.join(below)),
            Self::Url(remote) => Self::Url(remote.url.join(below).into()),
        }
    }

    /// Returns the last segment of its name, which reveals nothing about the machine it is on.
    #[must_use]
    pub fn file_name(&self) -> String {
        match self {
            Self::Path(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Url(remote) => remote.url.file_name().to_owned(),
        }
    }

    /// Returns the location with the last `from` in its file name replaced by `to`; `None` if there is none.
    #[must_use]
    pub fn renamed(&self, from: &str, to: &str) -> Option<Self> {
        let name = self.file_name();
        let at = name.rfind(from)?;
        let new = format!("{}{to}{}", &name[..at], &name[at + from.len()..]);
        Some(match self {
            Self::Path(path) => Self::Path(path.with_file_name(new)),
            Self::Url(remote) => Self::Url(remote.url.with_file_name(&new).into()),
        })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Url(remote) => remote.url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_siblings_of_paths_and_addresses() {
        let path = Location::Path("train/train-00000-of-00001.parquet".into());
        assert_eq!(path.file_name(), "train-00000-of-00001.parquet");
        assert_eq!(path.renamed("train", "test").unwrap().to_string(), "train/test-00000-of-00001.parquet");
        let url = Location::Url(Remote::unknown("http://h/train/train.parquet?download=true"));
        assert_eq!(url.file_name(), "train.parquet");
        let test = Location::Url(Remote::unknown("http://h/train/test.parquet?download=true"));
        assert_eq!(url.renamed("train", "test"), Some(test));
        assert_eq!(url.renamed("archive", ""), None);
        assert_eq!(Location::Url(Remote::unknown("http://h/d/")).join("a/b").to_string(), "http://h/d/a/b");
    }
}
