//! Where CIFAR-10 can be had, and what each place holds.
//!
//! Sources: the mirror `uoft-cs/cifar10` on Hugging Face, at a fixed revision; the authors' page
//! (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009).

use crate::files::address::Address;
use crate::files::halves::{Files, Halves};
use crate::files::location::{Location, Remote};
use artifacts::Sha256Sum;
use std::convert::Infallible;
use std::str::FromStr;

/// Address of Hugging Face.
pub const HUGGING_FACE: &str = "https://huggingface.co";

const MIRROR: &str = "datasets/uoft-cs/cifar10/resolve";
const MIRROR_REVISION: &str = revision("0b2714987fa478483af9968de7c934580d0bb9a2");
const MIRROR_TRAIN: &str = "plain_text/train-00000-of-00001.parquet";
const MIRROR_TEST: &str = "plain_text/test-00000-of-00001.parquet";
const MIRROR_TRAIN_SHA256: Sha256Sum =
    Sha256Sum::pinned("8428b53a88a11ac374111006708df51469e315a22ac6d66470afd9c78d2ae883");
const MIRROR_TEST_SHA256: Sha256Sum =
    Sha256Sum::pinned("841389e6f2d64f28bf17310e430aebac20ec3ba611a3c5e231dc93c645ce84de");

const AUTHORS: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";
const AUTHORS_BYTES: u64 = 170_052_171;
const AUTHORS_SHA256: Sha256Sum =
    Sha256Sum::pinned("c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd");

/// A commit, whose form the compiler checks.
const fn revision(text: &str) -> &str {
    let (digits, mut i) = (text.as_bytes(), 0);
    assert!(digits.len() == 40, "a revision has 40 hexadecimal digits");
    while i < digits.len() {
        assert!(digits[i].is_ascii_digit() || matches!(digits[i], b'a'..=b'f'), "a revision is hexadecimal");
        i += 1;
    }
    text
}

/// What a directory with CIFAR-10 may hold, in the order in which it is looked for: the mirror's files, with or
/// without their directory, the authors' archive, and the files this program writes.
pub const LAYOUTS: [Files<&str>; 4] = [
    Files::Pair(Halves { train: MIRROR_TRAIN, test: MIRROR_TEST }),
    Files::Pair(Halves { train: "train-00000-of-00001.parquet", test: "test-00000-of-00001.parquet" }),
    Files::Archive("cifar-10-binary.tar.gz"),
    Files::Pair(Halves { train: "train.parquet", test: "test.parquet" }),
];

/// The files that the sources with names stand for, each with what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// On Hugging Face.
    pub mirror: Halves<Remote>,
    /// The archive on the authors' page.
    pub authors: Remote,
}

impl Origins {
    /// What was published, the mirror's at this address of Hugging Face.
    #[must_use]
    pub fn published(hugging_face: &Address) -> Self {
        let file = |path: &str, sha256| {
            let url = hugging_face.join(&format!("{MIRROR}/{MIRROR_REVISION}/{path}"));
            Remote { url, bytes: None, sha256: Some(sha256) }
        };
        let mirror = Halves {
            train: file(MIRROR_TRAIN, MIRROR_TRAIN_SHA256),
            test: file(MIRROR_TEST, MIRROR_TEST_SHA256),
        };
        let authors =
            Remote { url: Address::new(AUTHORS), bytes: Some(AUTHORS_BYTES), sha256: Some(AUTHORS_SHA256) };
        Self { mirror, authors }
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The mirror, or the authors if it does not answer.
    Auto,
    /// The mirror on Hugging Face.
    HuggingFace,
    /// The authors' page; slow since June 2026.
    Authors,
    /// What the user has.
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

/// A source to try, with the name that messages give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// For messages.
    pub name: String,
    /// Its files.
    pub files: Wanted,
}

/// The files of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Known beforehand.
    Known(Files<Location>),
    /// To be looked for there.
    Sought(Location),
}

impl Source {
    /// The sources to try, in this order.
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
        let candidates = Source::Auto.candidates(&Origins::published(&Address::new("http://localhost:1/")));
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
        let Origins { mirror, authors } = Origins::published(&Address::new(HUGGING_FACE));
        for remote in [mirror.train, mirror.test, authors] {
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
