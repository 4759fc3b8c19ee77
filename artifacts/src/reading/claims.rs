//! Checks the sizes that a parquet file claims against its real size, before memory is allocated for them.
//!
//! The parquet library allocates as many row groups, and as large a page, as a header says, and skips as many
//! entries of an unknown list. A few damaged bytes may claim gigabytes, and a failed allocation cannot be
//! contained. So the two headers, in Thrift's compact protocol, are walked here first.
//!
//! *Invariant:* the library reads no header that was not walked to its end here. In a header, a list has no
//! more entries than bytes are left; every page lies within its column and the file; and all pages together
//! unpack to [`MOST_BYTES`] at most.

use super::MOST_BYTES;
use super::walk::Walk;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use std::io::{self, Read, Seek, SeekFrom};

/// The largest number of columns of the schema, whose groups the library reads recursively.
const MOST_COLUMNS: i64 = 1_000;
/// The length of the footer's size and of `PAR1`.
const TAIL: usize = 8;
/// The number of bytes to read for a page header: more than it has, except with very long statistics.
const HEADER: u64 = 4096;

/// Checks the footer against its own length. A file without a footer is left to the parquet reader.
///
/// # Errors
/// Those of the file system, or the rule that the footer breaks.
pub fn footer(mut file: impl Read + Seek) -> io::Result<()> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut tail = [0; TAIL];
    if length < TAIL as u64 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-(TAIL as i64)))?;
    file.read_exact(&mut tail)?;
    let footer = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if &tail[4..] != b"PAR1" || footer > length - TAIL as u64 {
        return Ok(());
    }
    file.seek(SeekFrom::Start(length - TAIL as u64 - footer))?;
    let mut bytes = Vec::new();
    file.take(footer).read_to_end(&mut bytes)?;
    let mut columns = 0;
    let walked = Walk { rest: &bytes }.structure(0, &mut |field, value| {
        if field == 2 {
            columns = value;
        }
    });
    if walked.is_none() || columns > MOST_COLUMNS {
        return Err(broken("its footer says that there is more in it than there is".to_owned()));
    }
    Ok(())
}

/// Walks the headers of all pages and adds up the sizes that they claim to unpack to, in bytes. `beside` is
/// what the reader allocates beside them.
///
/// # Errors
/// Those of the file system; a header is damaged; a page ends beyond its column, or a column beyond the file;
/// or the sum is more than [`MOST_BYTES`].
pub fn pages(mut file: impl Read + Seek, metadata: &ParquetMetaData, beside: u64) -> io::Result<()> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut unpacked = beside;
    for column in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let first = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
        let (Ok(mut at), Ok(bytes)) = (u64::try_from(first), u64::try_from(column.compressed_size())) else {
            return Err(broken("one of its columns begins before it".to_owned()));
        };
        let Some(end) = at.checked_add(bytes).filter(|&end| end <= length) else {
            return Err(broken("one of its columns ends beyond it".to_owned()));
        };
        while at < end {
            let page = page(&mut file, at, end - at)?
                .filter(|page| page.length <= end - at)
                .ok_or_else(|| broken(format!("the header of its page at byte {at} is damaged")))?;
            unpacked = unpacked.saturating_add(page.unpacked);
            if unpacked > MOST_BYTES {
                return Err(broken(format!(
                    "its pages say that they unpack to more than {MOST_BYTES} bytes"
                )));
            }
            at += page.length;
        }
    }
    Ok(())
}

struct Page {
    /// The length in the file, with the header.
    length: u64,
    unpacked: u64,
}

/// Returns the page at a byte of the file, or `None` if its header, of at most `most` bytes, is damaged.
fn page(file: &mut (impl Read + Seek), at: u64, most: u64) -> io::Result<Option<Page>> {
    let mut asked = HEADER.min(most);
    loop {
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        file.by_ref().take(asked).read_to_end(&mut bytes)?;
        let (mut unpacked, mut packed) = (0, 0);
        let mut walk = Walk { rest: &bytes };
        let walked = walk.structure(0, &mut |field, value| match field {
            2 => unpacked = value,
            3 => packed = value,
            _ => {}
        });
        match (walked, u64::try_from(unpacked), u64::try_from(packed)) {
            (Some(()), Ok(unpacked), Ok(packed)) => {
                let header = (bytes.len() - walk.rest.len()) as u64;
                return Ok(Some(Page { length: header.saturating_add(packed), unpacked }));
            }
            (None, ..) if asked < most && bytes.len() as u64 == asked => asked = (16 * asked).min(most),
            _ => return Ok(None),
        }
    }
}

fn broken(rule: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, Task};
    use parquet::file::metadata::ParquetMetaDataReader;
    use std::io::Cursor;

    fn file(footer: &[u8]) -> Cursor<Vec<u8>> {
        let length = (footer.len() as u32).to_le_bytes();
        Cursor::new([b"PAR1", footer, &length, b"PAR1"].concat())
    }

    #[test]
    fn a_list_longer_than_the_footer_is_refused() {
        // Version 1, no column, no row, and two billion row groups.
        let many = [0x15, 2, 0x19, 0x0c, 0x16, 0, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0];
        assert!(footer(file(&many)).is_err());
        let none = [0x15, 2, 0x19, 0x0c, 0x16, 0, 0x19, 0x0c, 0];
        assert!(footer(file(&none)).is_ok());
        for end in 0..none.len() {
            assert!(footer(file(&none[..end])).is_err(), "{end}");
        }
    }

    #[test]
    fn structures_deep_in_each_other_and_very_many_columns_are_refused() {
        assert!(footer(file(&[0x1c; 10_000])).is_err());
        let columns = |count: usize| {
            [&[0x29, 0xfc, (count % 128) as u8 | 128, (count / 128) as u8][..], &vec![0; count + 1]].concat()
        };
        assert!(footer(file(&columns(900))).is_ok());
        assert!(footer(file(&columns(1001))).is_err());
    }

    #[test]
    fn what_is_no_parquet_is_left_to_its_reader() {
        for bytes in [&b""[..], b"PAR1", b"PAR1PAR1", b"\xff\xff\xff\xffPAR1"] {
            assert!(footer(Cursor::new(bytes)).is_ok(), "{bytes:?}");
        }
    }

    /// Returns the rule that the pages of a data file break after `damage` of its bytes, or of the length of
    /// its first column.
    fn rule(damage: impl Fn(&mut [u8]), column_bytes: Option<i64>, beside: u64) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("train.parquet");
        Dataset::generated(Task::Cifar10, 12, 1).write(&path).unwrap();
        let mut bytes = fs_err::read(path).unwrap();
        damage(&mut bytes);
        let bytes = bytes::Bytes::from(bytes);
        let mut metadata = ParquetMetaDataReader::new().parse_and_finish(&bytes).unwrap();
        if let Some(length) = column_bytes {
            let group = metadata.row_group(0).clone();
            let mut columns = group.columns().to_vec();
            columns[0] = columns[0].clone().into_builder().set_total_compressed_size(length).build().unwrap();
            let group = group.into_builder().set_column_metadata(columns).build().unwrap();
            metadata = metadata.into_builder().set_row_groups(vec![group]).build();
        }
        pages(Cursor::new(&bytes), &metadata, beside)
            .map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn a_page_lies_within_its_column_and_the_file() {
        let sound = |_: &mut [u8]| {};
        assert_eq!(rule(sound, None, 0), "");
        assert!(rule(sound, Some(1 << 31), 0).contains("ends beyond it"));
        assert!(rule(sound, Some(i64::MAX), 0).contains("ends beyond it"));
        // The column's last page is longer.
        assert!(rule(sound, Some(2_000), 0).contains("header of its page at byte"));
        // The header's third field, the packed size, is 2^30 bytes.
        let huge = |bytes: &mut [u8]| {
            let at = 4 + bytes[4..].windows(2).position(|pair| pair == [0x15, 0]).unwrap() + 2;
            bytes[at..at + 11].copy_from_slice(&[0x15, 2, 0x15, 0x80, 0x80, 0x80, 0x80, 8, 0, 0, 0]);
        };
        assert!(rule(huge, None, 0).contains("is damaged"));
    }

    #[test]
    fn a_page_header_that_does_not_end_is_refused() {
        // A list of 2^28 numbers of eight bytes, which the library skips one by one past the end of the file.
        let endless = |bytes: &mut [u8]| {
            bytes[4..11].copy_from_slice(&[0xf9, 0xf7, 0x80, 0x80, 0x80, 0x80, 1]);
        };
        assert!(rule(endless, None, 0).contains("page at byte 4 is damaged"));
        // And one of booleans, which the library takes to have no bytes.
        let booleans = |bytes: &mut [u8]| bytes[4..8].copy_from_slice(&[0xf9, 0x21, 0, 0]);
        assert!(rule(booleans, None, 0).contains("page at byte 4 is damaged"));
    }

    #[test]
    fn the_arrays_beside_the_pages_count() {
        assert!(rule(|_| {}, None, MOST_BYTES - 1).contains("unpack to more than"));
    }
}
