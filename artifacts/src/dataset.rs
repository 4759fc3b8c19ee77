//! Images and labels, which `data-prep` prepares and `trainer` reads.
//!
//! The sources agree on an image's bytes but not on the order of images, so neither a file's hash nor a row
//! number means the same everywhere. Here both do: `records` identifies content by a fingerprint and defines
//! the order of rows.
//!
//! *Invariant:* rows are in canonical order, every label is a class, and `fingerprint` is that of the
//! content. Only [`Dataset::from_records`], [`Dataset::generated`], [`Dataset::read_verified`] and
//! [`Dataset::read_verified_of`] create a data set, and all of them ensure this.

mod error;
mod file;
mod generated;
mod image;
mod metadata;
mod moments;
mod records;
mod split;
mod task;

pub use error::DatasetError;
pub use image::{IMAGE_BYTES, PLANE_BYTES};
pub use metadata::{FORMAT_VERSION, Header};
pub use moments::Moments;
pub use records::{InvalidRecords, RECORD_BYTES};
pub use split::{Split, joined};
pub use task::{Task, UnknownTask};

use serde::{Deserialize, Serialize};

/// The source of the images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Provenance {
    /// A file that somebody published or provided.
    File {
        /// Its name or address, without the directories of the machine where it was read and without secrets.
        source: String,
        /// SHA-256 of the file itself, in hexadecimal; for a folder, that of its concatenated batches, or of
        /// the concatenated colour planes of its PNG files.
        sha256: String,
    },
    /// Generated patterns instead of photographs: [`Dataset::generated`].
    Generated {
        /// The seed of the generator.
        seed: u64,
    },
}

/// One half of a data set, in memory. Its fields are public to read; only its constructors create it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Dataset {
    /// The data set, which defines the labels.
    pub task: Task,
    /// Pixels `[N, 3, 32, 32]`, row-major, [`IMAGE_BYTES`] per image.
    pub images: Vec<u8>,
    /// Labels `[N]`, each below the number of classes.
    pub labels: Vec<u8>,
    /// SHA-256 of the content, in hexadecimal; it does not depend on the source or its order.
    pub fingerprint: String,
    /// Mean and standard deviation of each colour plane.
    pub moments: Moments,
    /// The source of the images.
    pub provenance: Provenance,
}

impl Dataset {
    /// Builds a data set from records (a label and three colour planes), in any order, and sorts them
    /// canonically.
    ///
    /// # Errors
    /// There is no record, a record is incomplete, or a label is not a class.
    pub fn from_records(task: Task, records: &[u8], provenance: Provenance) -> Result<Self, InvalidRecords> {
        let sorted = records::sort(task, records.chunks(RECORD_BYTES))?;
        let mut images = Vec::with_capacity(sorted.order.len() * IMAGE_BYTES);
        let mut labels = Vec::with_capacity(sorted.order.len());
        for record in sorted.order.iter().map(|&row| &records[row * RECORD_BYTES..][..RECORD_BYTES]) {
            labels.push(record[0]);
            images.extend_from_slice(&record[1..]);
        }
        let moments = Moments::of(&images);
        Ok(Self { task, images, labels, fingerprint: sorted.fingerprint, moments, provenance })
    }

    /// Returns the number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns false: a data set has at least one image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Returns the three colour planes of an image.
    ///
    /// # Panics
    /// If `row` is not below [`Self::len`].
    #[must_use]
    pub fn image(&self, row: usize) -> &[u8] {
        &self.images[row * IMAGE_BYTES..][..IMAGE_BYTES]
    }

    /// Iterates over the records that this was built from, in canonical order.
    pub fn records(&self) -> impl Iterator<Item = [u8; RECORD_BYTES]> {
        self.labels.iter().zip(self.images.chunks_exact(IMAGE_BYTES)).map(|(&label, image)| {
            let mut record = [label; RECORD_BYTES];
            record[1..].copy_from_slice(image);
            record
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::architecture::IMAGE_SIDE;

    fn given() -> Provenance {
        Provenance::File { source: "cifar.bin".to_owned(), sha256: "00".repeat(32) }
    }

    #[test]
    fn the_order_of_the_source_does_not_matter() {
        let one = Dataset::generated(Task::Cifar10, 30, 1);
        let backwards: Vec<_> = one.records().collect::<Vec<_>>().into_iter().rev().flatten().collect();
        let two = Dataset::from_records(one.task, &backwards, one.provenance.clone()).unwrap();
        assert_eq!(one, two);
    }

    #[test]
    fn an_asymmetric_image_keeps_its_planes_rows_and_columns() {
        let mut record = vec![7; RECORD_BYTES];
        for (i, byte) in record[1..].iter_mut().enumerate() {
            let (plane, row, column) = (i / PLANE_BYTES, i / IMAGE_SIDE % IMAGE_SIDE, i % IMAGE_SIDE);
            *byte = (plane * 64 + row + if column < 5 { 30 } else { 0 }) as u8;
        }
        let dataset = Dataset::from_records(Task::Cifar10, &record, given()).unwrap();
        assert_eq!((dataset.len(), dataset.labels[0]), (1, 7));
        assert_eq!(dataset.image(0), &record[1..]);
        assert_eq!(dataset.image(0)[2 * PLANE_BYTES + 3 * IMAGE_SIDE + 4], 128 + 3 + 30);
        assert_eq!(dataset.image(0)[2 * PLANE_BYTES + 4 * IMAGE_SIDE + 5], 128 + 4);
    }

    #[test]
    fn bad_records_are_refused_by_rule() {
        let refusal =
            |records: &[u8]| Dataset::from_records(Task::Cifar10, records, given()).unwrap_err().to_string();
        assert!(refusal(&[]).contains("no image"));
        assert!(refusal(&[0; RECORD_BYTES + 1]).contains("3073"));
        let mut records = vec![0; 2 * RECORD_BYTES];
        records[RECORD_BYTES] = 10;
        let message = refusal(&records);
        assert!(message.contains("record 1") && message.contains("label 10"), "{message}");
        // If there are a hundred classes, the label is one of them.
        assert_eq!(
            Dataset::from_records(Task::Cifar100, &records, given()).unwrap().labels.iter().max(),
            Some(&10)
        );
        records[RECORD_BYTES] = 100;
        let message = Dataset::from_records(Task::Cifar100, &records, given()).unwrap_err().to_string();
        assert!(message.contains("label 100") && message.contains("0 to 99"), "{message}");
    }
}
