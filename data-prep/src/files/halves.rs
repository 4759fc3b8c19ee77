//! The two halves of the data set, and the files that hold them.

use artifacts::dataset::Split;
use std::iter;

/// Something for each half of the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halves<T> {
    /// For the images to learn from.
    pub train: T,
    /// For the images to be judged by.
    pub test: T,
}

impl<T> Halves<T> {
    /// Something else for each of them.
    ///
    /// # Errors
    /// That of the first that has one.
    pub fn try_map<U, E>(self, f: impl Fn(T) -> Result<U, E>) -> Result<Halves<U>, E> {
        Ok(Halves { train: f(self.train)?, test: f(self.test)? })
    }

    /// What there is for one of them.
    pub fn half(&mut self, split: Split) -> &mut T {
        match split {
            Split::Train => &mut self.train,
            Split::Test => &mut self.test,
        }
    }
}

/// The files that make up the whole data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files<T> {
    /// One archive with both halves.
    Archive(T),
    /// A directory with the files of that archive; only ever on this machine.
    Batches(T),
    /// A directory with a folder of PNG files for each class of each half; only ever on this machine.
    Folders(T),
    /// A parquet file for each half.
    Pair(Halves<T>),
}

impl<T> Files<T> {
    /// The same for other places.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Files<U> {
        match self {
            Self::Archive(file) => Files::Archive(f(file)),
            Self::Batches(directory) => Files::Batches(f(directory)),
            Self::Folders(directory) => Files::Folders(f(directory)),
            Self::Pair(Halves { train, test }) => Files::Pair(Halves { train: f(train), test: f(test) }),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        let (first, second) = match self {
            Self::Archive(file) | Self::Batches(file) | Self::Folders(file) => (file, None),
            Self::Pair(Halves { train, test }) => (train, Some(test)),
        };
        iter::once(first).chain(second)
    }

    /// One of them: where there is one, there should be the other.
    pub fn first(&self) -> &T {
        match self {
            Self::Archive(file)
            | Self::Batches(file)
            | Self::Folders(file)
            | Self::Pair(Halves { train: file, .. }) => file,
        }
    }
}
