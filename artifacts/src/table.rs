//! Conversion of plain row structs to parquet and back.
//!
//! The columns of a file are the fields of its row type, in order, with their names and types; `Option` is a
//! nullable column. Nothing else decides a schema. The footer of a run's table holds the run's name and a
//! stamp ([`crate::stamp`]).
//!
//! *Invariant:* the stamp of a table, if it has one, is verified before the table is parsed, and a table
//! unpacks to [`MOST_BYTES`] at most.

use crate::reading::{self, MOST_BYTES, claims};
use crate::{atomic, stamp};
use arrow_schema::{FieldRef, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, RowGroupMetaData};
use parquet::file::properties::WriterProperties;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_arrow::schema::{SchemaLike, TracingOptions};
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

/// A row type: a struct of numbers, strings and options of them.
pub trait Row: Serialize + DeserializeOwned {}
impl<T: Serialize + DeserializeOwned> Row for T {}

const RUN: &str = "rankscale.run";
const STAMP: &str = "rankscale.stamp";
/// The least memory of a row in bytes, however well its columns are compressed.
const ROW_BYTES: u64 = 16;

/// A table with its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The run that it belongs to, if the file says so.
    pub run: Option<String>,
    /// Whether it has a stamp, which was then verified.
    pub stamped: bool,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// A table that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file system's error, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not parquet, or is truncated.
    #[error("{path}: not a complete parquet file ({reason})")]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// The reader's reason.
        reason: String,
    },
    /// The bytes are not those that were written.
    #[error("{path}: {rule}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The rule it breaks.
        rule: String,
    },
    /// The file is parquet, but not this table.
    #[error(
        "{path}: column `{column}` {rule}; this is not a file of this pipeline, or of another version of it"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The rule it breaks.
        rule: String,
    },
    /// The rows do not fit the columns.
    #[error("{path}: {reason}")]
    Rows {
        /// The file.
        path: PathBuf,
        /// The converter's reason.
        reason: String,
    },
}

/// Returns the columns of a row type.
///
/// # Panics
/// If the type is not a row; every row type is covered by a test.
#[must_use]
pub fn schema<T: Row>() -> Schema {
    let options = TracingOptions::default().enums_without_data_as_strings(true);
    Schema::new(Vec::<FieldRef>::from_type::<T>(options).expect("a row type is a struct of plain values"))
}

/// Writes a whole table, all or nothing, and returns the SHA-256 of the file.
///
/// # Errors
/// Those of the file system, or a row does not fit the columns.
pub fn write<T: Row>(path: &Path, rows: &[T]) -> Result<String, TableError> {
    write_rows(path, None, rows)
}

/// Writes a table of a run, with the run's name and a stamp.
///
/// # Errors
/// Those of [`write()`].
pub fn write_of<T: Row>(path: &Path, run: &str, rows: &[T]) -> Result<String, TableError> {
    write_rows(path, Some(run), rows)
}

fn write_rows<T: Row>(path: &Path, run: Option<&str>, rows: &[T]) -> Result<String, TableError> {
    let batch = serde_arrow::to_record_batch(schema::<T>().fields(), &rows)
        .map_err(|error| rows_error(path, &error))?;
    let pairs = run.map(|run| {
        let pair = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
        vec![pair(RUN, run.to_owned()), pair(STAMP, stamp::blank())]
    });
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("rankscale ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(pairs)
        .build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).map_err(io::Error::other)?;
    writer.write(&batch).map_err(io::Error::other)?;
    writer.close().map_err(io::Error::other)?;
    if run.is_some() {
        stamp::fill(&mut bytes);
    }
    atomic::write(path, &bytes)?;
    Ok(stamp::sha256(&bytes))
}

/// Reads a whole table.
///
/// # Errors
/// The file is missing, incomplete, damaged or foreign; the message names it, and the column if there is one.
pub fn read<T: Row>(path: &Path) -> Result<Vec<T>, TableError> {
    Ok(read_whole(path)?.rows)
}

/// Reads a whole table with its metadata.
///
/// # Errors
/// Those of [`read`].
pub fn read_whole<T: Row>(path: &Path) -> Result<Table<T>, TableError> {
    let bytes = reading::bytes(path)?;
    let damaged = |rule: String| TableError::Damaged { path: path.to_owned(), rule };
    let (stamped, sha256) = (stamp::check(&bytes).map_err(damaged)?, stamp::sha256(&bytes));
    let (rows, run) = reading::contained(|| parse(path, &bytes.into()))
        .unwrap_or_else(|panic| Err(not_parquet(path, &panic)))?;
    Ok(Table { rows, run, stamped, sha256 })
}

/// Parses the rows, and the run's name if there is one.
fn parse<T: Row>(path: &Path, bytes: &Bytes) -> Result<(Vec<T>, Option<String>), TableError> {
    let builder = open(path, bytes, &schema::<T>())?;
    let pairs = builder.metadata().file_metadata().key_value_metadata();
    let run = pairs.into_iter().flatten().find(|pair| pair.key == RUN).and_then(|pair| pair.value.clone());
    let reader = builder.build().map_err(|error| not_parquet(path, &error))?;
    let (mut rows, mut memory) = (Vec::new(), 0);
    for batch in reader {
        let batch = batch.map_err(|error| not_parquet(path, &error))?;
        memory += batch.get_array_memory_size() as u64;
        if memory > MOST_BYTES {
            return Err(too_large(path));
        }
        let batch = serde_arrow::from_record_batch::<Vec<T>>(&batch);
        rows.append(&mut batch.map_err(|error| rows_error(path, &error))?);
    }
    Ok((rows, run))
}

fn open(
    path: &Path,
    bytes: &Bytes,
    expected: &Schema,
) -> Result<ParquetRecordBatchReaderBuilder<Bytes>, TableError> {
    claims::footer(Cursor::new(bytes)).map_err(|error| not_parquet(path, &error))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(bytes.clone()).map_err(|error| not_parquet(path, &error))?;
    let groups = builder.metadata().row_groups().iter();
    let asked = groups.map(|group: &RowGroupMetaData| {
        let rows = u64::try_from(group.num_rows()).unwrap_or(u64::MAX).saturating_mul(ROW_BYTES);
        rows.max(u64::try_from(group.total_byte_size()).unwrap_or(u64::MAX))
    });
    if asked.fold(0, u64::saturating_add) > MOST_BYTES {
        return Err(too_large(path));
    }
    claims::pages(Cursor::new(bytes), builder.metadata(), 0).map_err(|error| not_parquet(path, &error))?;
    for field in expected.fields() {
        let foreign =
            |rule: String| TableError::Foreign { path: path.to_owned(), column: field.name().clone(), rule };
        let found =
            builder.schema().field_with_name(field.name()).map_err(|_| foreign("is missing".into()))?;
        if found.data_type() != field.data_type() {
            return Err(foreign(format!("must be {}, but is {}", field.data_type(), found.data_type())));
        }
    }
    Ok(builder)
}

fn too_large(path: &Path) -> TableError {
    let rule = format!("says that it unpacks to more than {MOST_BYTES} bytes, so it is damaged");
    TableError::Damaged { path: path.to_owned(), rule }
}

fn not_parquet(path: &Path, reason: &dyn ToString) -> TableError {
    TableError::NotParquet { path: path.to_owned(), reason: reason.to_string() }
}

fn rows_error(path: &Path, error: &serde_arrow::Error) -> TableError {
    TableError::Rows { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests;
