//! The published sources of the data sets, and what each of them holds.
//!
//! Sources: the mirrors `uoft-cs/cifar10` and `uoft-cs/cifar100` on Hugging Face, at fixed revisions; the
//! authors' page (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009).

use crate::files::address::Address;
use crate::files::binary::BinaryVersion;
use crate::files::halves::{Files, Halves};
use crate::files::location::{Location, Remote};
use artifacts::Sha256Sum;
use artifacts::dataset::{Split, Task};
use std::convert::Infallible;
use std::str::FromStr;

/// The address of Hugging Face.
pub const HUGGING_FACE: &str = "https://huggingface.co";

/// The publications of a data set.
struct Published {
    /// Its name on Hugging Face.
    mirror: &'static str,
    /// The commit on Hugging Face.
    revision: &'static str,
    /// The files of that commit, and their checksums.
    files: Halves<(&'static str, Sha256Sum)>,
    /// Size and checksum of the archive on the authors' page.
    archive: (u64, Sha256Sum),
}

const CIFAR10: Published = Published {
    mirror: "uoft-cs/cifar10",
    revision: revision("0b2714987fa478483af9968de7c934580d0bb9a2"),
    files: Halves {
        train: (
            "plain_text/train-00000-of-00001.parquet",
            Sha256Sum::pinned("8428b53a88a11ac374111006708df51469e315a22ac6d66470afd9c78d2ae883"),
        ),
        test: (
            "plain_text/test-00000-of-00001.parquet",
            Sha256Sum::pinned("841389e6f2d64f28bf17310e430aebac20ec3ba611a3c5e231dc93c645ce84de"),
        ),
    },
    archive: (
        170_052_171,
        Sha256Sum::pinned("c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
    ),
};

const CIFAR100: Published = Published {
    mirror: "uoft-cs/cifar100",
    revision: revision("aadb3af77e9048adbea6b47c21a81e47dd092ae5"),
    files: Halves {
        train: (
            "cifar100/train-00000-of-00001.parquet",
            Sha256Sum::pinned("694865d6b990e234804f01268586c41e88bcbbb75e20858432c05ad4081aca23"),
        ),
        test: (
            "cifar100/test-00000-of-00001.parquet",
            Sha256Sum::pinned("98776c529bb146a9c791229df74a5cf076be9b43d82dbbd334b6a7788d73dc68"),
        ),
    },
    archive: (
        168_513_733,
        Sha256Sum::pinned("58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),
    ),
};

const fn published(task: Task) -> &'static Published {
    match task {
        Task::Cifar10 => &CIFAR10,
        Task::Cifar100 => &CIFAR100,
    }
}

/// The address of the authors' archives.
const AUTHORS: &str = "https://www.cs.toronto.edu/~kriz/";

/// Returns whether the file with this SHA-256, in hexadecimal, was published with a half of a data set in it.
#[must_use]
pub fn is_published(task: Task, split: Split, sha256: &str) -> bool {
    let Published { files, archive, .. } = published(task);
    let of_mirror = match split {
        Split::Train => files.train.1,
        Split::Test => files.test.1,
    };
    [of_mirror, archive.1].iter().any(|sum| sum.to_string() == sha256)
}

/// Checks the form of a commit hash at compile time.
const fn revision(text: &str) -> &str {
    let (digits, mut i) = (text.as_bytes(), 0);
    assert!(digits.len() == 40, "a revision has 40 hexadecimal digits");
    while i < digits.len() {
        assert!(digits[i].is_ascii_digit() || matches!(digits[i], b'a'..=b'f'), "a revision is hexadecimal");
        i += 1;
    }
    text
}

/// Returns what a directory with a data set may hold, in the order in which it is searched: the mirror's
/// files, with or without their directory, the authors' archive, and the files that this program writes.
#[must_use]
pub const fn layouts(task: Task) -> [Files<&'static str>; 4] {
    let Halves { train, test } = &published(task).files;
    [
        Files::Pair(Halves { train: train.0, test: test.0 }),
        Files::Pair(Halves { train: "train-00000-of-00001.parquet", test: "test-00000-of-00001.parquet" }),
        Files::Archive(BinaryVersion::of(task).archive),
        Files::Pair(Halves { train: "train.parquet", test: "test.parquet" }),
    ]
}

/// The files behind the named sources, each with what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// The files on Hugging Face.
    pub mirror: Halves<Remote>,
    /// The archive on the authors' page.
    pub authors: Remote,
}

impl Origins {
    /// Returns the publications of a data set, with the mirror at this address of Hugging Face.
    #[must_use]
    pub fn published(task: Task, hugging_face: &Address) -> Self {
        let Published { mirror, revision, files, archive: (bytes, sum) } = published(task);
        let file = |(path, sum): (&str, Sha256Sum)| {
            let url = hugging_face.join(&format!("datasets/{mirror}/resolve/{revision}/{path}"));
            Remote { url, bytes: None, sha256: Some(sum) }
        };
        let url = Address::new(&format!("{AUTHORS}{}", BinaryVersion::of(task).archive));
        Self {
            mirror: Halves { train: file(files.train), test: file(files.test) },
            authors: Remote { url, bytes: Some(*bytes), sha256: Some(*sum) },
        }
    }
}

/// The source that the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The mirror, or the authors' page if the mirror does not respond.
    Auto,
    /// The mirror on Hugging Face.
    HuggingFace,
    /// The authors' page; slow since June 2026.
    Authors,
    /// A location that the user gave.
    Given(Location),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "auto" => Self::Auto,
            "huggingface" => Self::HuggingFace,
            "authors" => Self::Authors,
            _ if text.contains("://") => Self::Given(Location::Url(Remote::unknown(text))),
            _ => Self::Given(Location::Path(text.into())),
        })
    }
}

/// A source to try, with its name for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The name, for messages.
    pub name: String,
    /// The files of the source.
    pub files: Wanted,
}

/// The files of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Files that are known beforehand.
    Known(Files<Location>),
    /// Files to be searched for at this location.
    Sought(Location),
}

impl Source {
    /// Returns the sources to try, in order.
    #[must_use]
    pub fn candidates(&self, origins: &Origins) -> Vec<Candidate> {
        let Halves { train, test } = origins.mirror.clone();
        let mirror = Candidate {
            name: "huggingface".to_owned(),
            files: Wanted::Known(Files::Pair(Halves {
                train: Location::Url(train),
                test: Location::Url(test),
            })),
        };
        let authors = Candidate {
            name: "authors".to_owned(),
            files: Wanted::Known(Files::Archive(Location::Url(origins.authors.clone()))),
        };
        match self {
            Self::Auto => vec![mirror, authors],
            Self::HuggingFace => vec![mirror],
            Self::Authors => vec![authors],
            Self::Given(place) => {
                vec![Candidate { name: place.to_string(), files: Wanted::Sought(place.clone()) }]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_names_addresses_or_paths() {
        let source = |text: &str| text.parse::<Source>().unwrap();
        assert_eq!(source("auto"), Source::Auto);
        assert!(matches!(source("http://127.0.0.1/x"), Source::Given(Location::Url(_))));
        assert!(matches!(source("HTTPS://h/x"), Source::Given(Location::Url(_))));
        assert!(matches!(source("./authors"), Source::Given(Location::Path(_))));
    }

    #[test]
    fn the_mirror_is_tried_before_the_authors_at_any_endpoint() {
        let candidates =
            Source::Auto.candidates(&Origins::published(Task::Cifar10, &Address::new("http://localhost:1/")));
        assert_eq!(
            candidates.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
            ["huggingface", "authors"]
        );
        let first = candidates[0].files.clone();
        let Wanted::Known(first) = first else { panic!("its files are known") };
        let first = first.first().to_string();
        assert!(first.starts_with("http://localhost:1/datasets/uoft-cs/cifar10/"), "{first}");
    }

    #[test]
    fn what_is_pinned_has_the_form_of_what_it_is() {
        let remotes = Task::ALL.map(|task| {
            let Origins { mirror, authors } = Origins::published(task, &Address::new(HUGGING_FACE));
            let sums = [mirror.train.sha256, authors.sha256].map(|sum| sum.unwrap().to_string());
            assert!(sums.iter().all(|sum| is_published(task, Split::Train, sum)));
            assert!(!is_published(task, Split::Train, &mirror.test.sha256.unwrap().to_string()));
            [mirror.train, mirror.test, authors]
        });
        for remote in remotes.concat() {
            let url = remote.url.exact();
            assert!(url.starts_with("https://") && !url.contains(['?', ' ']), "{url}");
            assert_eq!(remote.url.to_string(), url, "nothing to hide");
            assert!(remote.sha256.is_some() && remote.bytes.is_none_or(|bytes| bytes > 100_000_000));
        }
        for wrong in ["", "0b27", "0b2714987fa478483af9968de7c934580d0bb9a2a", &"g".repeat(40)] {
            assert!(std::panic::catch_unwind(|| revision(wrong).len()).is_err(), "{wrong}");
        }
    }
}
