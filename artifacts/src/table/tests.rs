use super::*;
use crate::run::PredictionRow;
use fs_err as fs;
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
fn a_page_that_says_it_is_gigabytes_is_refused_before_it_has_room() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.parquet");
    let rows: Vec<Sample> =
        (0..300).map(|at| Sample { name: "a".into(), count: at * at, value: None }).collect();
    write(&path, &rows).unwrap();
    let bytes = fs::read(&path).unwrap();
    // The header of the first page: its kind, then the size that it unpacks to.
    let start = 4;
    assert_eq!(bytes[start], 0x15, "the kind of page");
    let mut large = bytes.clone();
    assert_eq!(large[start + 2], 0x15, "its size");
    let end = start + 3 + bytes[start + 3..].iter().position(|&byte| byte < 0x80).unwrap();
    large.splice(start + 3..=end, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
    fs::write(&path, large).unwrap();
    let message = read::<Sample>(&path).unwrap_err().to_string();
    assert!(
        message.contains("rows.parquet") && message.contains("pages say that they unpack to more"),
        "{message}"
    );
}

#[test]
fn half_a_file_is_no_table() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.parquet");
    write(&path, &[Sample { name: "a".into(), count: 1, value: None }]).unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let message = read::<Sample>(&path).unwrap_err().to_string();
    assert!(message.contains("rows.parquet") && message.contains("not a complete parquet file"), "{message}");
}

#[test]
fn every_flipped_bit_of_a_table_is_noticed_or_harmless() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.parquet");
    let rows: Vec<Sample> =
        (0..40).map(|at| Sample { name: format!("r{at}"), count: at, value: Some(0.1) }).collect();
    write_of(&path, "a run", &rows).unwrap();
    let whole = read_whole::<Sample>(&path).unwrap();
    assert_eq!((whole.run.as_deref(), whole.stamped), (Some("a run"), true));
    let bytes = fs::read(&path).unwrap();
    let mut noticed = 0;
    for byte in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[byte] ^= 1 << (byte % 8);
        fs::write(&path, flipped).unwrap();
        match read_whole::<Sample>(&path) {
            Err(error) => {
                noticed += 1;
                assert!(error.to_string().contains("rows.parquet"), "{error}");
            }
            // The flipped bit is in the mark: the rows are intact, and the file no longer claims a stamp.
            Ok(table) => assert!(table.rows == rows && !table.stamped, "byte {byte}"),
        }
    }
    assert!(bytes.len() - noticed <= 32, "{noticed} of {}", bytes.len());
}

#[test]
fn a_table_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.parquet");
    // A hundred thousand equal rows take a few bytes.
    let schema = std::sync::Arc::new(schema::<PredictionRow>());
    let one = PredictionRow { image: 0, label: 0, prediction: 0, loss: 0.0 };
    let batch = serde_arrow::to_record_batch(schema.fields(), &vec![one; 100_000]).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(10_000_000)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties)).unwrap();
    for _ in 0..=MOST_BYTES / ROW_BYTES / 100_000 {
        writer.write(&batch).unwrap();
    }
    writer.close().unwrap();
    fs::write(&path, &bytes).unwrap();
    let message = read::<PredictionRow>(&path).unwrap_err().to_string();
    assert!(message.contains("rows.parquet: says that it unpacks to more than"), "{message}");
}
