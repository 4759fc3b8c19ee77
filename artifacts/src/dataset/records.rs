//! Records: the fingerprint of a set of images, and the order of its rows.
//!
//! A record has CIFAR-10's own format: the label, then the red, green and blue planes. The fingerprint is the
//! SHA-256 of the sorted SHA-256 digests of the records, so it does not depend on the order of a source; the
//! rows are stored in the order of those digests.
//!
//! *Invariant:* equal content has equal fingerprints and equal rows.

use super::{IMAGE_BYTES, Task};
use sha2::{Digest, Sha256};

/// Bytes per record: a label and an image.
pub const RECORD_BYTES: usize = 1 + IMAGE_BYTES;

/// Bytes that are not a data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecords {
    /// There is no record.
    #[error("holds no image")]
    Empty,
    /// The last record is incomplete.
    #[error("record {record} has {bytes} bytes: a record is a label and three planes, {RECORD_BYTES} bytes")]
    Part {
        /// The index of the record, counted from 0.
        record: usize,
        /// The number of its bytes.
        bytes: usize,
    },
    /// A label is not a class.
    #[error("record {record} has label {label}: {task} has the labels 0 to {last}", last = task.classes() - 1)]
    Label {
        /// The index of the record, counted from 0.
        record: usize,
        /// The label.
        label: u8,
        /// The data set.
        task: Task,
    },
}

/// The canonical order of records, and the fingerprint of all of them.
pub(super) struct Sorted {
    /// Indices of the records, in canonical order.
    pub order: Vec<usize>,
    /// The fingerprint, in hexadecimal.
    pub fingerprint: String,
}

/// Checks, sorts and fingerprints records.
pub(super) fn sort<R: AsRef<[u8]>>(
    task: Task,
    records: impl IntoIterator<Item = R>,
) -> Result<Sorted, InvalidRecords> {
    let mut digests = Vec::new();
    for (row, record) in records.into_iter().enumerate() {
        let record = record.as_ref();
        if record.len() != RECORD_BYTES {
            return Err(InvalidRecords::Part { record: row, bytes: record.len() });
        }
        let label = record[0];
        if usize::from(label) >= task.classes() {
            return Err(InvalidRecords::Label { record: row, label, task });
        }
        digests.push((<[u8; 32]>::from(Sha256::digest(record)), row));
    }
    if digests.is_empty() {
        return Err(InvalidRecords::Empty);
    }
    digests.sort_unstable();
    let mut all = Sha256::new();
    for (digest, _) in &digests {
        all.update(digest);
    }
    let order = digests.into_iter().map(|(_, row)| row).collect();
    Ok(Sorted { order, fingerprint: hex::encode(all.finalize()) })
}
