//! Plain row structs to parquet and back.
//!
//! The columns of a file are the fields of its row type, in order, with their names and types; `Option`
//! is a nullable column. Nothing else decides a schema.

use crate::atomic;
use arrow_array::RecordBatch;
use arrow_schema::{FieldRef, Schema};
use fs_err as fs;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_arrow::schema::{SchemaLike, TracingOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A row type: a struct of numbers, strings and options of them.
pub trait Row: Serialize + DeserializeOwned {}
impl<T: Serialize + DeserializeOwned> Row for T {}

/// A table that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file system's word, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not a parquet file, or one cut short.
    #[error(
        "{path}: not a complete parquet file ({reason}); delete it, and what wrote it will write it again"
    )]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// The reader's reason.
        reason: String,
    },
    /// A parquet file of something else.
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
    /// Rows that do not fit the columns.
    #[error("{path}: {reason}")]
    Rows {
        /// The file.
        path: PathBuf,
        /// The converter's reason.
        reason: String,
    },
}

/// The columns of a row type.
///
/// # Panics
/// For a type that is not a row; every row type is covered by a test.
#[must_use]
pub fn schema<T: Row>() -> Schema {
    let options = TracingOptions::default().enums_without_data_as_strings(true);
    Schema::new(Vec::<FieldRef>::from_type::<T>(options).expect("a row type is a struct of plain values"))
}

/// Writes a whole table, all or nothing.
///
/// # Errors
/// The file system's, or a row that does not fit.
pub fn write<T: Row>(path: &Path, rows: &[T]) -> Result<(), TableError> {
    let batch = serde_arrow::to_record_batch(schema::<T>().fields(), &rows)
        .map_err(|error| rows_error(path, &error))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("rankscale ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    atomic::write_with(path, |file| {
        let mut writer =
            ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(io::Error::other)?;
        writer.write(&batch).map_err(io::Error::other)?;
        writer.close().map_err(io::Error::other)?;
        Ok::<(), io::Error>(())
    })?;
    Ok(())
}

/// Reads a whole table.
///
/// # Errors
/// A missing, half-written or foreign file; each names the file, and the column where there is one.
pub fn read<T: Row>(path: &Path) -> Result<Vec<T>, TableError> {
    let reader = open(path, &schema::<T>())?.build().map_err(|error| not_parquet(path, &error))?;
    let batches: Vec<RecordBatch> =
        reader.collect::<Result<_, _>>().map_err(|error| not_parquet(path, &error))?;
    let mut rows = Vec::new();
    for batch in batches {
        let batch = serde_arrow::from_record_batch::<Vec<T>>(&batch);
        rows.append(&mut batch.map_err(|error| rows_error(path, &error))?);
    }
    Ok(rows)
}

fn open(
    path: &Path,
    expected: &Schema,
) -> Result<ParquetRecordBatchReaderBuilder<std::fs::File>, TableError> {
    let (file, _) = fs::File::open(path)?.into_parts();
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| not_parquet(path, &error))?;
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

fn not_parquet(path: &Path, reason: &dyn ToString) -> TableError {
    TableError::NotParquet { path: path.to_owned(), reason: reason.to_string() }
}

fn rows_error(path: &Path, error: &serde_arrow::Error) -> TableError {
    TableError::Rows { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::PredictionRow;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        name: String,
        count: u32,
        value: Option<f64>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Other {
        name: u32,
    }

    #[test]
    fn rows_survive_the_trip_and_foreign_files_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rows.parquet");
        let rows = vec![
            Sample { name: "a".into(), count: 1, value: Some(0.1 + 0.2) },
            Sample { name: "b".into(), count: 2, value: None },
        ];
        write(&path, &rows).unwrap();
        assert_eq!(read::<Sample>(&path).unwrap(), rows);
        let message = read::<Other>(&path).unwrap_err().to_string();
        assert!(message.contains("rows.parquet") && message.contains("`name` must be UInt32"), "{message}");
        let message = read::<PredictionRow>(&path).unwrap_err().to_string();
        assert!(message.contains("rows.parquet") && message.contains("`image` is missing"), "{message}");
        write::<Sample>(&path, &[]).unwrap();
        assert_eq!(read::<Sample>(&path).unwrap(), []);
    }

    #[test]
    fn half_a_file_is_no_table() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rows.parquet");
        write(&path, &[Sample { name: "a".into(), count: 1, value: None }]).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let message = read::<Sample>(&path).unwrap_err().to_string();
        assert!(
            message.contains("rows.parquet") && message.contains("not a complete parquet file"),
            "{message}"
        );
    }
}
