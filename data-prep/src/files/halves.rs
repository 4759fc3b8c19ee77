//! The two halves of a data set, and the files that hold them.

use artifacts::dataset::Split;
use std::iter;

/// A value for each half of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halves<T> {
    /// The value for the training images.
    pub train: T,
    /// The value for the test images.
    pub test: T,
}

impl<T> Halves<T> {
    /// Maps both values.
    ///
    /// # Errors
    /// The first error that occurs.
    pub fn try_map<U, E>(self, f: impl Fn(T) -> Result<U, E>) -> Result<Halves<U>, E> {
        Ok(Halves { train: f(self.train)?, test: f(self.test)? })
    }

    /// Returns the value for one half.
    pub fn half(&mut self, split: Split) -> &mut T {
        match split {
            Split::Train => &mut self.train,
            Split::Test => &mut self.test,
        }
    }
}

/// The files that make up a whole data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files<T> {
    /// One archive with both halves.
    Archive(T),
    /// A directory with the files of that archive; always on this machine.
    Batches(T),
    /// A directory with a folder of PNG files for each class of each half; always on this machine.
    Folders(T),
    /// A parquet file for each half.
    Pair(Halves<T>),
}

impl<T> Files<T> {
    /// Maps the location of each file.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Files<U> {
        match self {
            Self::Archive(file) => Files::Archive(f(file)),
            Self::Batches(directory) => Files::Batches(f(directory)),
            Self::Folders(directory) => Files::Folders(f(directory)),
            Self::Pair(Halves { train, test }) => Files::Pair(Halves { train: f(train), test: f(test) }),
        }
    }

    /// Iterates over all files.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        let (first, second) = match self {
            Self::Archive(file) | Self::Batches(file) | Self::Folders(file) => (file, None),
            Self::Pair(Halves { train, test }) => (train, Some(test)),
        };
        iter::once(first).chain(second)
    }

    /// Returns one of the files: if it exists, the other should, too.
    pub fn first(&self) -> &T {
        self.all().next().expect("there is a file")
    }
}
