//! The data sets that can be trained on: the facts about each, in one place.
//!
//! CIFAR-10 and CIFAR-100 are by Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
//! `data-prep` knows where their files can be downloaded.
//!
//! *Invariant:* a name, a list of class names and a pair of fingerprints each identify one data set.

use super::split::{Split, joined};
use crate::Sha256Sum;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A data set, and so a classification task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Photographs of ten classes, as in the notebook.
    #[default]
    Cifar10,
    /// Photographs of a hundred classes.
    Cifar100,
}

/// The facts about a data set.
#[derive(Debug)]
struct Facts {
    name: &'static str,
    title: &'static str,
    classes: &'static [&'static str],
    /// The numbers of training images and of test images.
    images: [usize; 2],
    /// The content fingerprints of both halves, if known.
    fingerprints: Option<[&'static str; 2]>,
    /// Bytes before the planes of an image in the authors' records; the last of them is the label.
    label_bytes: usize,
}

const CIFAR10: Facts = Facts {
    name: "cifar10",
    title: "CIFAR-10",
    classes: &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    images: [50_000, 10_000],
    fingerprints: Some([
        "55a61f79a40ece2ceda9fb5f9f7078f6ea2fc4952489cef56682bcf92cfcc260",
        "325704b01eb92e1e2a6215ae6a916bb7db7de054af0c496be1c7be2e0fcfbf5f",
    ]),
    label_bytes: 1,
};

const CIFAR100: Facts = Facts {
    name: "cifar100",
    title: "CIFAR-100",
    #[rustfmt::skip]
    classes: &[
        "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
        "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
        "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
        "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
        "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
        "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
        "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
        "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
        "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
        "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
    ],
    images: [50_000, 10_000],
    fingerprints: None,
    label_bytes: 2,
};

// A malformed fingerprint could never match, so it does not compile.
const _: () = {
    if let Some([train, test]) = CIFAR10.fingerprints {
        let _ = [Sha256Sum::pinned(train), Sha256Sum::pinned(test)];
    }
};

impl Task {
    /// All data sets.
    pub const ALL: [Self; 2] = [Self::Cifar10, Self::Cifar100];

    const fn facts(self) -> &'static Facts {
        match self {
            Self::Cifar10 => &CIFAR10,
            Self::Cifar100 => &CIFAR100,
        }
    }

    /// Returns the name on the command line, in experiments and of folders: `cifar10`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Returns the argument that selects this data set in a `just` command; empty for the notebook's.
    #[must_use]
    pub fn key(self) -> String {
        if self.is_the_notebooks() { String::new() } else { format!(" DATASET={}", self.name()) }
    }

    /// Returns the name in sentences: `CIFAR-10`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.facts().title
    }

    /// Returns the names of the classes, in the order of the labels.
    #[must_use]
    pub const fn class_names(self) -> &'static [&'static str] {
        self.facts().classes
    }

    /// Returns the number of classes; labels are below it.
    #[must_use]
    pub const fn classes(self) -> usize {
        self.facts().classes.len()
    }

    /// Returns the number of images of a half.
    #[must_use]
    pub const fn images(self, split: Split) -> usize {
        self.facts().images[split as usize]
    }

    /// Returns the number of bytes before the planes of an image in the authors' records; the last of them is
    /// the label.
    #[must_use]
    pub const fn label_bytes(self) -> usize {
        self.facts().label_bytes
    }

    /// Returns the content fingerprint of a half as the authors published it, if known.
    #[must_use]
    pub fn fingerprint(self, split: Split) -> Option<&'static str> {
        self.facts().fingerprints.map(|both| both[split as usize])
    }

    /// Returns the fingerprints of both halves, joined by a colon as runs name their images, if known.
    #[must_use]
    pub fn fingerprints(self) -> Option<String> {
        self.facts().fingerprints.map(joined)
    }

    /// Returns whether it is the data set of the notebook and its recipe.
    #[must_use]
    pub fn is_the_notebooks(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the data set with these classes, in this order.
    #[must_use]
    pub fn of_classes(names: &[impl AsRef<str>]) -> Option<Self> {
        let same = |task: &Self| {
            let ours = task.class_names();
            ours.len() == names.len() && ours.iter().zip(names).all(|(ours, name)| *ours == name.as_ref())
        };
        Self::ALL.into_iter().find(same)
    }
}

/// A name that is not a data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown data set `{0}`; expected one of {known}", known = Task::ALL.map(Task::name).join(", "))]
pub struct UnknownTask(pub String);

impl FromStr for Task {
    type Err = UnknownTask;

    fn from_str(name: &str) -> Result<Self, UnknownTask> {
        Self::ALL.into_iter().find(|task| task.name() == name).ok_or_else(|| UnknownTask(name.to_owned()))
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_classes_each_stand_for_one_data_set() {
        for task in Task::ALL {
            assert_eq!(task.name().parse(), Ok(task));
            assert_eq!(Task::of_classes(task.class_names()), Some(task));
            assert_eq!(serde_json::to_string(&task).unwrap(), format!("\"{}\"", task.name()));
            let mut names = task.class_names().to_vec();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), task.classes(), "{task}: no class twice");
            assert!(
                task.class_names().is_sorted(),
                "{task}: both data sets name their classes in alphabetical order"
            );
        }
        assert_eq!(Task::Cifar100.classes(), 100);
        assert_eq!(
            "mnist".parse::<Task>().unwrap_err().to_string(),
            "unknown data set `mnist`; expected one of cifar10, cifar100"
        );
        assert_eq!(Task::of_classes(&["cat"]), None);
    }
}
