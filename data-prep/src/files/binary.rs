//! The authors' binary version of a data set: its archive, the files in it, and their records.
//!
//! A record is one or two label bytes and the red, green and blue planes of an image. CIFAR-100's records
//! have the coarse label (the class's group) before the class; the class determines the group, so only the
//! class is kept.
//!
//! Source: Krizhevsky's page on both data sets, <https://www.cs.toronto.edu/~kriz/cifar.html>.

use anyhow::{Result, ensure};
use artifacts::dataset::{IMAGE_BYTES, Split, Task};
use std::path::Path;

/// The binary version of a data set.
#[derive(Debug, PartialEq, Eq)]
pub struct BinaryVersion {
    /// The data set.
    pub task: Task,
    /// The name of the archive.
    pub archive: &'static str,
    /// The folder that the archive unpacks to.
    pub folder: &'static str,
    /// The folder that the archive of the Python version unpacks to.
    pub python_folder: &'static str,
    /// The files with training images.
    pub train: &'static [&'static str],
    /// The file with test images.
    pub test: &'static str,
    /// The largest number of records of a file.
    pub records: usize,
}

const CIFAR10: BinaryVersion = BinaryVersion {
    task: Task::Cifar10,
    archive: "cifar-10-binary.tar.gz",
    folder: "cifar-10-batches-bin",
    python_folder: "cifar-10-batches-py",
    train: &[
        "data_batch_1.bin",
        "data_batch_2.bin",
        "data_batch_3.bin",
        "data_batch_4.bin",
        "data_batch_5.bin",
    ],
    test: "test_batch.bin",
    records: 10_000,
};

const CIFAR100: BinaryVersion = BinaryVersion {
    task: Task::Cifar100,
    archive: "cifar-100-binary.tar.gz",
    folder: "cifar-100-binary",
    python_folder: "cifar-100-python",
    train: &["train.bin"],
    test: "test.bin",
    records: 50_000,
};

/// The largest sizes accepted from an archive, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The size of one batch.
    pub member: u64,
    /// The size of the whole archive, unpacked.
    pub total: u64,
}

impl BinaryVersion {
    /// Returns the binary version of a data set.
    #[must_use]
    pub const fn of(task: Task) -> &'static Self {
        match task {
            Task::Cifar10 => &CIFAR10,
            Task::Cifar100 => &CIFAR100,
        }
    }

    /// Iterates over its files, those with training images first.
    pub fn files(&self) -> impl Iterator<Item = &'static str> {
        self.train.iter().copied().chain([self.test])
    }

    /// Returns the half that a file belongs to.
    #[must_use]
    pub fn half(&self, file: &str) -> Split {
        if file == self.test { Split::Test } else { Split::Train }
    }

    /// Returns which of its files this is, by name.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<&'static str> {
        self.files().find(|name| path.file_name().is_some_and(|file| file == *name))
    }

    /// Returns the number of bytes per record.
    #[must_use]
    pub const fn record_bytes(&self) -> usize {
        self.task.label_bytes() + IMAGE_BYTES
    }

    /// Returns the size limits of its archive and its files; the archive also contains three small text
    /// files.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        Limits { member: (self.records * self.record_bytes()) as u64, total: 256 << 20 }
    }

    /// Converts the records of its files to records of a class and an image.
    ///
    /// # Errors
    /// A record is incomplete.
    pub fn records(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        let size = self.record_bytes();
        ensure!(
            bytes.len().is_multiple_of(size),
            "has {} bytes of images, expected records of {size} bytes: copy it again",
            bytes.len()
        );
        if self.task.label_bytes() == 1 {
            return Ok(bytes);
        }
        Ok(bytes
            .chunks_exact(size)
            .flat_map(|record| &record[self.task.label_bytes() - 1..])
            .copied()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_label_byte_is_the_class() {
        let version = BinaryVersion::of(Task::Cifar100);
        assert_eq!(version.record_bytes(), 3074);
        let mut bytes = Vec::new();
        for class in [7, 99] {
            bytes.extend([3, class]);
            bytes.extend(vec![class ^ 1; IMAGE_BYTES]);
        }
        let records = version.records(bytes.clone()).unwrap();
        assert_eq!((records.len(), records[0], records[1]), (2 * 3073, 7, 6));
        assert_eq!((records[3073], records[3074]), (99, 98));
        bytes.pop();
        assert!(version.records(bytes).unwrap_err().to_string().contains("3074"));
        let same = vec![5; 3073];
        assert_eq!(BinaryVersion::of(Task::Cifar10).records(same.clone()).unwrap(), same);
    }

    #[test]
    fn a_name_belongs_to_one_half_of_one_data_set() {
        for task in Task::ALL {
            let version = BinaryVersion::of(task);
            assert_eq!(version.task, task);
            let (train, test): (Vec<_>, Vec<_>) =
                version.files().partition(|file| version.half(file) == Split::Train);
            assert_eq!((train.len(), test), (version.train.len(), vec![version.test]));
            let most = |split, files: usize| task.images(split) == files * version.records;
            assert!(most(Split::Train, train.len()) && task.images(Split::Test) <= version.records);
            for other in Task::ALL.into_iter().filter(|other| *other != task) {
                assert!(version.files().all(|file| BinaryVersion::of(other).file(Path::new(file)).is_none()));
            }
        }
    }
}
