//! Checks whether this build can decompress a parquet file: a valid but unsupported file is not called
//! damaged.

use anyhow::{Context, Result, anyhow, bail};
use artifacts::reading::{claims, contained};
use fs_err as fs;
use parquet::basic::Compression;
use parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use std::path::Path;

/// The supported codecs, for messages.
const READABLE: &str = "none, snappy, gzip, lz4 or zstd";

/// Checks the codecs of all columns.
///
/// # Errors
/// The file is incomplete, or compressed with an unsupported codec, which is named.
pub fn judge(path: &Path) -> Result<()> {
    let file = fs::File::open(path)?.into_parts().0;
    let whole = || format!("{}: is not a whole parquet file", path.display());
    claims::footer(&file).with_context(whole)?;
    let metadata = contained(|| ParquetMetaDataReader::new().parse_and_finish(&file))
        .map_err(|panic| anyhow!(panic))
        .with_context(whole)?
        .with_context(whole)?;
    claims::pages(&file, &metadata, 0).with_context(whole)?;
    for column in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let codec = match column.compression() {
            Compression::UNCOMPRESSED
            | Compression::SNAPPY
            | Compression::GZIP(_)
            | Compression::LZ4
            | Compression::LZ4_RAW
            | Compression::ZSTD(_) => continue,
            Compression::BROTLI(_) => "brotli",
            Compression::LZO => "lzo",
        };
        let (name, path) = (column.column_path().string(), path.display());
        bail!(
            "{path}: column `{name}` is compressed with {codec}, which data-prep cannot read: it is not damaged; \
             write it again with one of {READABLE} (pyarrow: `parquet.write_table(table, file, \
             compression=\"zstd\")`)"
        );
    }
    Ok(())
}
