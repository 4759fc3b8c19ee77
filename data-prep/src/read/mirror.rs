//! The mirror's files: one row per image, with a PNG in `img.bytes` and the class in `label`, for CIFAR-100
//! in `fine_label`.

use crate::read::png;
use anyhow::{Context, Result, anyhow, bail, ensure};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, downcast_integer_array};
use artifacts::dataset::{RECORD_BYTES, Task};
use fs_err as fs;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::path::Path;

/// Names of the image column: `img` in the mirror, `image` in copies that follow the usual form of such data
/// sets.
const IMAGE_COLUMNS: [&str; 2] = ["img", "image"];
/// The largest number of rows, more than CIFAR-10 has, so that an unexpected file ends in an error instead of
/// filling the memory.
const MOST_ROWS: i64 = 100_000;
const ROWS_PER_BATCH: usize = 1_000;

/// Reads the records of one of the mirror's files.
///
/// # Errors
/// The file is incomplete, lacks the columns, or holds anything but 32x32 RGB images.
pub fn read(path: &Path, task: Task) -> Result<Vec<u8>> {
    let file = fs::File::open(path)?.into_parts().0;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .with_context(|| format!("{}: is not a whole parquet file", path.display()))?;
    let rows = builder.metadata().file_metadata().num_rows();
    ensure!(
        (0..=MOST_ROWS).contains(&rows),
        "{}: has {rows} rows, expected 0 to {MOST_ROWS}",
        path.display()
    );
    let names: Vec<&str> = builder.schema().fields().iter().map(|field| field.name().as_str()).collect();
    if task == Task::Cifar10 && names.contains(&"fine_label") {
        bail!(
            "{}: is of CIFAR-100, as its column `fine_label` says: take CIFAR-10's, or prepare CIFAR-100 with DATASET=cifar100",
            path.display()
        );
    }
    let label = label_columns(task).iter().copied().find(|name| names.contains(name)).unwrap_or("label");
    let Some(image) = IMAGE_COLUMNS.into_iter().find(|name| names.contains(name)) else {
        bail!("{}: no column `img` with images; its columns are {}", path.display(), names.join(", "));
    };
    let wanted = ProjectionMask::columns(builder.parquet_schema(), [image, label]);
    let batches = builder.with_projection(wanted).with_batch_size(ROWS_PER_BATCH).build()?;
    let mut records = Vec::with_capacity(rows as usize * RECORD_BYTES);
    for batch in batches {
        let batch = batch.with_context(|| format!("{}: is damaged", path.display()))?;
        append(&batch, [image, label], &mut records).with_context(|| path.display().to_string())?;
    }
    Ok(records)
}

/// Returns the names of the class column, the mirror's first.
const fn label_columns(task: Task) -> &'static [&'static str] {
    match task {
        Task::Cifar10 => &["label"],
        Task::Cifar100 => &["fine_label", "label"],
    }
}

fn append(batch: &RecordBatch, [image, label]: [&str; 2], records: &mut Vec<u8>) -> Result<()> {
    let column = |name: &str| batch.column_by_name(name).with_context(|| format!("no column `{name}`"));
    let labels = column(label)?;
    let labels = whole_numbers(labels)
        .with_context(|| format!("column `{label}` is {}, expected numbers", labels.data_type()))?;
    let pngs = column(image)?;
    let pngs = match pngs.as_struct_opt() {
        Some(fields) => fields
            .column_by_name("bytes")
            .with_context(|| format!("column `{image}` has no field `bytes` with PNG files"))?,
        // Other writers store the files in the column itself.
        None => pngs,
    };
    let pngs = byte_strings(pngs)
        .with_context(|| format!("column `{image}` is {}, expected PNG files", pngs.data_type()))?;
    for (label, file) in labels.into_iter().zip(pngs) {
        let number = || format!("image {}", records.len() / RECORD_BYTES);
        let (Some(label), Some(file)) = (label, file) else {
            bail!("{}: has no bytes or no label", number())
        };
        let label = u8::try_from(label).map_err(|_| anyhow!("{}: label {label} is no class", number()))?;
        let planes = png::decode(file).with_context(number)?;
        records.push(label);
        records.extend_from_slice(&planes);
    }
    Ok(())
}

/// Returns a column of whole numbers of any width; `None` for another column.
fn whole_numbers(column: &dyn Array) -> Option<Vec<Option<i128>>> {
    downcast_integer_array!(
        column => Some(column.iter().map(|number| number.map(i128::from)).collect()),
        _ => None,
    )
}

/// Returns a column of byte strings in any layout; `None` for another column.
fn byte_strings(column: &dyn Array) -> Option<Vec<Option<&[u8]>>> {
    let short = column.as_binary_opt::<i32>().map(|column| column.iter().collect());
    let long = || column.as_binary_opt::<i64>().map(|column| column.iter().collect());
    let views = || column.as_binary_view_opt().map(|column| column.iter().collect());
    short.or_else(long).or_else(views)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{
        ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Int64Array, LargeBinaryArray, UInt8Array,
    };
    use std::sync::Arc;

    #[test]
    fn columns_may_be_of_any_width_and_layout() {
        let numbers = |column: &dyn Array| whole_numbers(column);
        assert_eq!(numbers(&UInt8Array::from(vec![Some(3), None])), Some(vec![Some(3), None]));
        assert_eq!(numbers(&Int64Array::from(vec![-1])), Some(vec![Some(-1)]));
        assert_eq!(numbers(&BooleanArray::from(vec![true])), None);
        let bytes = [Some(b"ab".as_slice()), None];
        for column in [
            Arc::new(BinaryArray::from_iter(bytes)) as ArrayRef,
            Arc::new(LargeBinaryArray::from_iter(bytes)),
            Arc::new(BinaryViewArray::from_iter(bytes)),
        ] {
            assert_eq!(byte_strings(&column), Some(bytes.to_vec()));
        }
        assert_eq!(byte_strings(&Int64Array::from(vec![1])), None);
    }
}
