//! The data file: one row per image, in parquet.
//!
//! `image` has the canonical Arrow extension type `arrow.fixed_shape_tensor` (uint8, `[3, 32, 32]`), which
//! pyarrow returns as one array; readers that do not know it see lists of 3072 numbers. `label` is uint8.
//! Metadata of the file as a whole is in its footer (`metadata.rs`).
//!
//! *Invariant:* a file written by [`Dataset::write`] is read by [`Dataset::read_verified`] as an equal data
//! set; any other file is refused with its name and the rule it breaks.

mod open;
mod schema;

use super::metadata::{self, Header};
use super::{Dataset, DatasetError, IMAGE_BYTES, Moments, Split, Task, records};
use crate::atomic;
use crate::reading::contained;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use arrow_array::{Array, ArrayRef, FixedSizeListArray, RecordBatch, UInt8Array};
use arrow_schema::{DataType, Schema};
use fs_err as fs;
use open::{open, open_of};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use schema::{image_type, schema};
use std::io;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;

/// Rows per row group, so that threads can share the work of reading.
const ROWS_PER_GROUP: usize = 5_000;
/// Rows per batch. When reading and writing, parquet needs about a dozen bytes for every value of a batch, so
/// batches are small.
const ROWS_PER_BATCH: usize = 250;

impl Dataset {
    /// Writes the file, all or nothing. Missing parent directories are created.
    ///
    /// # Errors
    /// Those of the file system; an older file is then unchanged.
    pub fn write(&self, path: &Path) -> Result<(), DatasetError> {
        let schema = schema();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .set_key_value_metadata(Some(metadata::pairs(self, Split::of_path(path))))
            .build();
        atomic::write_with(path, |file| {
            let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
                .map_err(|error| failure(path, error))?;
            let images = self.images.chunks(ROWS_PER_BATCH * IMAGE_BYTES);
            for (images, labels) in images.zip(self.labels.chunks(ROWS_PER_BATCH)) {
                writer.write(&batch(&schema, images, labels)).map_err(|error| failure(path, error))?;
            }
            writer.close().map_err(|error| failure(path, error))?;
            Ok(())
        })
    }

    /// Reads a file and checks its rows against its fingerprint, order and moments.
    ///
    /// # Errors
    /// The file is missing, incomplete, not one of ours, has a label that is not a class, or the rows do not
    /// match.
    pub fn read_verified(path: &Path) -> Result<Self, DatasetError> {
        verified(path, read_rows(path, open(path)?)?)
    }

    /// Reads and verifies a file that `data-prep` prepared, which must hold this data set.
    ///
    /// # Errors
    /// Those of [`Self::read_verified`], or the file holds another data set; the message says what to do.
    pub fn read_verified_of(path: &Path, task: Task) -> Result<Self, DatasetError> {
        open_of(path, task)
            .and_then(|opened| verified(path, read_rows(path, opened)?))
            .map_err(|error| error.of_prepared(task))
    }
}

/// Converts a parquet error. The file system's error is extracted from the writer's, so that a full disk is
/// recognised.
fn failure(path: &Path, error: ParquetError) -> DatasetError {
    let source = match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => return DatasetError::Io(*cause),
            Err(cause) => ParquetError::External(cause),
        },
        error => error,
    };
    DatasetError::Parquet { path: path.to_owned(), source }
}

fn batch(schema: &Arc<Schema>, images: &[u8], labels: &[u8]) -> RecordBatch {
    let DataType::FixedSizeList(element, size) = image_type() else { unreachable!("defined above") };
    let pixels = Arc::new(UInt8Array::from(images.to_vec()));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(FixedSizeListArray::new(element, size, pixels, None)),
        Arc::new(UInt8Array::from(labels.to_vec())),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns).expect("both columns have the types of the schema")
}

/// Reads all rows of an opened file, a thread for each row group.
fn read_rows(path: &Path, (parquet, header): (ArrowReaderMetadata, Header)) -> Result<Dataset, DatasetError> {
    let task = header.task;
    let mut images = vec![0; header.images * IMAGE_BYTES];
    let mut labels = vec![0; header.images];
    let group_rows: Vec<usize> =
        parquet.metadata().row_groups().iter().map(|group| group.num_rows() as usize).collect();
    std::thread::scope(|scope| {
        let (mut images, mut labels) = (images.as_mut_slice(), labels.as_mut_slice());
        let mut readers = Vec::new();
        for (group, rows) in group_rows.into_iter().enumerate() {
            let (images_here, labels_here);
            (images_here, images) = images.split_at_mut(rows * IMAGE_BYTES);
            (labels_here, labels) = labels.split_at_mut(rows);
            let parquet = parquet.clone();
            readers.push(scope.spawn(move || {
                contained(|| read_group(path, parquet, task, group, images_here, labels_here))
                    .unwrap_or_else(|panic| Err(failure(path, ParquetError::General(panic))))
            }));
        }
        readers.into_iter().try_for_each(|reader| reader.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })?;
    let Header { fingerprint, moments, provenance, .. } = header;
    Ok(Dataset { task, images, labels, fingerprint, moments, provenance })
}

/// Checks rows against the fingerprint, the order and the moments that the file says they have.
fn verified(path: &Path, dataset: Dataset) -> Result<Dataset, DatasetError> {
    let foreign = |rule: String| DatasetError::Foreign { path: path.to_owned(), rule };
    let sorted =
        records::sort(dataset.task, dataset.records()).map_err(|error| foreign(error.to_string()))?;
    if sorted.fingerprint != dataset.fingerprint {
        let (expected, found) = (dataset.fingerprint, sorted.fingerprint);
        return Err(DatasetError::Fingerprint { path: path.to_owned(), expected, found });
    }
    if !sorted.order.is_sorted() {
        return Err(foreign("its rows are not in canonical order".to_owned()));
    }
    if Moments::of(&dataset.images) != dataset.moments {
        return Err(foreign("`rankscale.moments` are not those of its images".to_owned()));
    }
    Ok(dataset)
}

/// Reads one row group into its part of the arrays.
fn read_group(
    path: &Path,
    parquet: ArrowReaderMetadata,
    task: Task,
    group: usize,
    mut images: &mut [u8],
    mut labels: &mut [u8],
) -> Result<(), DatasetError> {
    let damaged = |source: ParquetError| DatasetError::Parquet { path: path.to_owned(), source };
    let foreign = |rule: String| DatasetError::Foreign { path: path.to_owned(), rule };
    // A new file descriptor: clones of one share their position, and the threads would read each other's
    // bytes.
    let file = fs::File::open(path)?.into_parts().0;
    let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(file, parquet)
        .with_row_groups(vec![group])
        .with_batch_size(ROWS_PER_BATCH)
        .build()
        .map_err(damaged)?;
    for batch in batches {
        let batch = batch.map_err(|error| damaged(error.into()))?;
        let column = |name| batch.column_by_name(name).expect("the schema was checked on opening");
        let (image, label) =
            (column("image").as_fixed_size_list(), column("label").as_primitive::<UInt8Type>());
        let pixels = image.values().as_primitive::<UInt8Type>();
        for (name, nulls) in
            [("image", image.null_count() + pixels.null_count()), ("label", label.null_count())]
        {
            if nulls > 0 {
                return Err(foreign(format!("column `{name}` has {nulls} missing values, expected none")));
            }
        }
        if let Some(label) = label.values().iter().find(|&&label| usize::from(label) >= task.classes()) {
            let last = task.classes() - 1;
            return Err(foreign(format!("column `label` holds {label}: {task} has the labels 0 to {last}")));
        }
        let (images_here, labels_here);
        (images_here, images) = images.split_at_mut(pixels.len());
        (labels_here, labels) = labels.split_at_mut(label.len());
        images_here.copy_from_slice(pixels.values());
        labels_here.copy_from_slice(label.values());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
