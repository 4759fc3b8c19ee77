//! Tiny data sets in the formats of the sources.

use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field};
use artifacts::dataset::{Dataset, PLANE_BYTES, Provenance, RECORD_BYTES, Task};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression as Codec;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

/// Ten training records and two test records, without symmetries that could hide a transposition.
pub struct Records {
    pub train: Vec<u8>,
    pub test: Vec<u8>,
}

pub fn records() -> Records {
    let record = |number: usize| {
        let mut record = vec![0; RECORD_BYTES];
        record[0] = (number % 10) as u8;
        for (i, byte) in record[1..].iter_mut().enumerate() {
            let (plane, row, column) = (i / PLANE_BYTES, i / 32 % 32, i % 32);
            *byte = (number * 3 + plane * 70 + row * 2 + if column < 5 { 40 } else { 0 }) as u8;
        }
        record
    };
    Records { train: (0..10).flat_map(record).collect(), test: (10..12).flat_map(record).collect() }
}

/// Returns those records as a prepared data set.
pub fn expected(records: &[u8]) -> Dataset {
    Dataset::from_records(Task::Cifar10, records, Provenance::Generated { seed: 0 }).unwrap()
}

/// Returns the authors' six batches, by their names below a directory.
pub fn batches<'a>(records: &Records, directory: &str) -> Vec<(&'a str, Vec<u8>)> {
    let train =
        (1..).map(|number| format!("data_batch_{number}.bin")).zip(records.train.chunks(2 * RECORD_BYTES));
    let all = train.chain([("test_batch.bin".to_owned(), records.test.as_slice())]);
    // A few names are leaked, so that they live as long as the test.
    all.map(|(name, bytes)| (&*format!("{directory}{name}").leak(), bytes.to_vec())).collect()
}

/// Returns the authors' archive.
pub fn archive(records: &Records) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in batches(records, "cifar-10-batches-bin/") {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Returns one of the mirror's files.
pub fn mirror(records: &[u8]) -> Vec<u8> {
    mirror_with(records, Codec::UNCOMPRESSED)
}

/// Returns one of the mirror's files, compressed with a codec.
pub fn mirror_with(records: &[u8], codec: Codec) -> Vec<u8> {
    let records: Vec<&[u8]> = records.chunks(RECORD_BYTES).collect();
    let pngs = BinaryArray::from_iter_values(records.iter().map(|record| png(&record[1..])));
    let paths: StringArray = records.iter().map(|_| None::<&str>).collect();
    let image = StructArray::from(vec![
        (Arc::new(Field::new("bytes", DataType::Binary, true)), Arc::new(pngs) as ArrayRef),
        (Arc::new(Field::new("path", DataType::Utf8, true)), Arc::new(paths) as ArrayRef),
    ]);
    let labels: Int64Array = records.iter().map(|record| Some(i64::from(record[0]))).collect();
    let columns: [(&str, ArrayRef); 2] = [("img", Arc::new(image)), ("label", Arc::new(labels))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder().set_compression(codec).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Returns one image as a PNG file.
pub fn png(planes: &[u8]) -> Vec<u8> {
    let pixels: Vec<u8> = (0..PLANE_BYTES)
        .flat_map(|i| [planes[i], planes[i + PLANE_BYTES], planes[i + 2 * PLANE_BYTES]])
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 32, 32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}
