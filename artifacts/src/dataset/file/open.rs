//! Opening a data file: everything about it is checked except its rows.

use super::super::metadata::{self, Header};
use super::super::{DatasetError, RECORD_BYTES, Split, Task, joined};
use super::schema::schema;
use crate::reading::{MOST_BYTES, claims, contained};
use arrow_schema::DataType;
use fs_err as fs;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use std::io;
use std::path::{Path, PathBuf};

/// The largest number of row groups, far more than our files have.
const MOST_GROUPS: usize = 256;
/// The largest number of rows, more than any real file has; it keeps a damaged footer from allocating all
/// memory.
const MOST_ROWS: i64 = MOST_BYTES as i64 / RECORD_BYTES as i64;

impl Header {
    /// Reads the schema, the number of rows and the metadata of a file, but no row.
    ///
    /// # Errors
    /// The file is missing, incomplete, or not one of ours.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        Ok(open(path)?.1)
    }

    /// Reads the header of a file that `data-prep` prepared, which must hold this data set.
    ///
    /// # Errors
    /// Those of [`Self::read`], or the file holds another data set; the message says what to do.
    pub fn read_of(path: &Path, task: Task) -> Result<Self, DatasetError> {
        Ok(open_of(path, task).map_err(|error| error.of_prepared(task))?.1)
    }

    /// Reads the fingerprints of both halves of a data set, joined as runs name their images.
    ///
    /// # Errors
    /// Those of [`Self::read_of`].
    pub fn fingerprints([train, test]: &[PathBuf; 2], task: Task) -> Result<String, DatasetError> {
        Ok(joined([&Self::read_of(train, task)?.fingerprint, &Self::read_of(test, task)?.fingerprint]))
    }
}

/// Opens a file and checks everything except its rows.
pub(super) fn open(path: &Path) -> Result<(ArrowReaderMetadata, Header), DatasetError> {
    let file = fs::File::open(path)?;
    let damaged = |source: io::Error| DatasetError::Parquet {
        path: path.to_owned(),
        source: ParquetError::General(source.to_string()),
    };
    claims::footer(file.file()).map_err(damaged)?;
    let parquet = contained(|| ArrowReaderMetadata::load(file.file(), ArrowReaderOptions::default()))
        .unwrap_or_else(|panic| Err(ParquetError::General(panic)))
        .map_err(|source| DatasetError::Parquet { path: path.to_owned(), source })?;
    let foreign = |rule: String| DatasetError::Foreign { path: path.to_owned(), rule };
    for expected in schema().fields() {
        let name = expected.name();
        let found = parquet
            .schema()
            .field_with_name(name)
            .map_err(|_| foreign(format!("no column `{name}`: not a data set prepared by data-prep")))?;
        if !same_values(expected.data_type(), found.data_type()) {
            return Err(foreign(format!(
                "column `{name}` is {}, expected {}",
                found.data_type(),
                expected.data_type()
            )));
        }
    }
    let footer = parquet.metadata().file_metadata();
    let pairs = footer.key_value_metadata().map_or(&[][..], Vec::as_slice);
    let (rows, in_groups) =
        (footer.num_rows(), parquet.metadata().row_groups().iter().map(RowGroupMetaData::num_rows));
    // Each row group is read by its own thread.
    if in_groups.len() > MOST_GROUPS || in_groups.clone().any(|rows| !(1..=MOST_ROWS).contains(&rows)) {
        return Err(foreign(format!("must have at most {MOST_GROUPS} row groups, and rows in each of them")));
    }
    if rows != in_groups.sum::<i64>() || !(1..=MOST_ROWS).contains(&rows) {
        return Err(foreign(format!(
            "says it has {rows} rows, expected 1 to {MOST_ROWS}, all of them in row groups"
        )));
    }
    let arrays = rows as u64 * RECORD_BYTES as u64;
    claims::pages(file.file(), parquet.metadata(), arrays).map_err(damaged)?;
    let header = metadata::header(path, rows as usize, pairs)?;
    if let Some(named) = Split::of_path(path)
        && let Some(other) = Split::ALL.into_iter().find(|split| *split != named)
        && (header.split == Some(other) || header.task.fingerprint(other) == Some(&header.fingerprint))
    {
        let (named, other) = (named.name(), other.name());
        return Err(foreign(format!("holds the {other} images, and must hold the {named} images")));
    }
    Ok((parquet, header))
}

/// Opens a file that must hold this data set.
pub(super) fn open_of(path: &Path, task: Task) -> Result<(ArrowReaderMetadata, Header), DatasetError> {
    let (parquet, header) = open(path)?;
    if header.task != task {
        let rule = format!("holds {}, and must hold {task}", header.task);
        return Err(DatasetError::Foreign { path: path.to_owned(), rule });
    }
    Ok((parquet, header))
}

/// Compares types except for the name and the nullability of list elements, in which programs differ.
fn same_values(expected: &DataType, found: &DataType) -> bool {
    match (expected, found) {
        (DataType::FixedSizeList(a, n), DataType::FixedSizeList(b, m)) => {
            n == m && a.data_type() == b.data_type()
        }
        _ => expected == found,
    }
}
