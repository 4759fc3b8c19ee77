use super::*;
use crate::dataset::Provenance;
use arrow_schema::Field;
use parquet::file::metadata::KeyValue;

/// Writes a file as another program could, with `mend` changing the correct columns and metadata, and returns
/// the reader's error.
fn foreign(mend: impl FnOnce(&mut Vec<(Field, ArrayRef)>, &mut Vec<KeyValue>)) -> String {
    let dataset = Dataset::generated(Task::Cifar10, 3, 0);
    let (schema, mut pairs) = (schema(), metadata::pairs(&dataset, None));
    let right = batch(&schema, &dataset.images, &dataset.labels);
    let fields = schema.fields().iter().map(|field| field.as_ref().clone());
    let mut columns: Vec<_> = fields.zip(right.columns().iter().cloned()).collect();
    mend(&mut columns, &mut pairs);
    let (fields, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let schema = Arc::new(Schema::new(fields));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("given.parquet");
    atomic::write_with(&path, |file| {
        let properties = WriterProperties::builder().set_key_value_metadata(Some(pairs)).build();
        let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))?;
        writer.write(&RecordBatch::try_new(schema, columns)?)?;
        writer.close()?;
        Ok::<_, ParquetError>(())
    })
    .unwrap();
    let message = Dataset::read_verified(&path).map_or_else(|error| error.to_string(), |_| "read".to_owned());
    assert!(message == "read" || message.contains("given.parquet"), "no file in: {message}");
    message
}

#[test]
fn what_is_written_is_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/train.parquet");
    // More rows than a batch, with a partial batch at the end.
    let dataset = Dataset::generated(Task::Cifar10, 2 * ROWS_PER_BATCH + 7, 3);
    dataset.write(&path).unwrap();
    assert_eq!(Dataset::read_verified(&path).unwrap(), dataset);
    let header = Header::read(&path).unwrap();
    assert_eq!((header.images, header.fingerprint), (dataset.len(), dataset.fingerprint));
    assert_eq!(header.provenance, Provenance::Generated { seed: 3 });
}

#[test]
fn a_missing_file_is_named() {
    let message = Dataset::read_verified(Path::new("nowhere/train.parquet")).unwrap_err().to_string();
    assert!(message.contains("nowhere/train.parquet"), "{message}");
}

#[test]
fn half_a_file_and_other_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("train.parquet");
    Dataset::generated(Task::Cifar10, 5, 0).write(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for bytes in [&whole[..whole.len() / 2], &whole[..3], b"", b"<!doctype html><title>Not here</title>"] {
        atomic::write(&path, bytes).unwrap();
        let message = Dataset::read_verified(&path).unwrap_err().to_string();
        assert!(message.contains("train.parquet") && message.contains("whole parquet"), "{message}");
    }
}

#[test]
fn the_right_columns_are_read_and_others_refused_by_name() {
    assert_eq!(foreign(|_, _| {}), "read");
    assert!(foreign(|columns, _| drop(columns.remove(1))).contains("`label`"));
    assert!(foreign(|columns, _| drop(columns.remove(0))).contains("`image`"));
    let message = foreign(|columns, _| {
        let wide = Arc::new(arrow_array::Int64Array::from(vec![1, 2, 3]));
        columns[1] = (Field::new("label", DataType::Int64, false), wide);
    });
    assert!(message.contains("`label` is Int64, expected UInt8"), "{message}");
    let message = foreign(|columns, _| {
        let element = Arc::new(Field::new("element", DataType::UInt8, false));
        let small = FixedSizeListArray::new(element, 4, Arc::new(UInt8Array::from(vec![0; 12])), None);
        columns[0] = (Field::new("image", small.data_type().clone(), false), Arc::new(small));
    });
    assert!(message.contains("`image`") && message.contains("3072"), "{message}");
}

#[test]
fn labels_are_classes_and_none_is_missing() {
    let label = |values: Vec<Option<u8>>| {
        foreign(|columns, _| {
            let labels = Arc::new(UInt8Array::from(values));
            columns[1] = (Field::new("label", DataType::UInt8, true), labels);
        })
    };
    assert!(label(vec![Some(0), Some(10), Some(2)]).contains("`label` holds 10"));
    assert!(label(vec![Some(0), None, Some(2)]).contains("`label` has 1 missing"));
}

#[test]
fn metadata_is_ours_and_true() {
    assert!(foreign(|_, pairs| pairs.clear()).contains("rankscale.format_version"));
    let set = |key: &str, value: &str| {
        foreign(|_, pairs| {
            let pair = pairs.iter_mut().find(|pair| pair.key == format!("rankscale.{key}"));
            pair.unwrap().value = Some(value.to_owned());
            // The metadata of a program that does not write the checksum.
            pairs.retain(|pair| !pair.key.ends_with("metadata_sha256"));
        })
    };
    assert!(set("format_version", "0").contains("is 0, expected 1"));
    assert!(set("class_names", r#"["cat"]"#).contains("CIFAR-10's 10 or CIFAR-100's 100"));
    assert!(set("provenance", "{}").contains("rankscale.provenance"));
    assert!(set("moments", r#"{"mean":[0,0,0],"std":[1,1,1]}"#).contains("rankscale.moments"));
    let message = set("content_sha256", "abc");
    assert!(message.contains("says abc") && message.contains("fingerprint"), "{message}");
}

#[test]
fn rows_in_another_order_are_noticed() {
    let Dataset { mut images, mut labels, .. } = Dataset::generated(Task::Cifar10, 3, 0);
    images[..2 * IMAGE_BYTES].rotate_left(IMAGE_BYTES);
    labels.swap(0, 1);
    let message = foreign(|columns, _| {
        let swapped = batch(&schema(), &images, &labels);
        for ((_, column), swapped) in columns.iter_mut().zip(swapped.columns()) {
            *column = Arc::clone(swapped);
        }
    });
    assert!(message.contains("canonical order"), "{message}");
}

/// Returns the images that were read, or the error message.
fn verified(path: &Path) -> Result<Dataset, String> {
    Dataset::read_verified(path).map_err(|error| error.to_string())
}

#[test]
fn every_flipped_bit_is_noticed_or_harmless() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("train.parquet");
    let dataset = Dataset::generated(Task::Cifar10, 3, 0);
    dataset.write(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let (mut noticed, mut flips) = (0, 0);
    for byte in (0..bytes.len()).step_by(11).chain(bytes.len() - 1500..bytes.len()) {
        let mut flipped = bytes.clone();
        flipped[byte] ^= 1 << (byte % 8);
        fs::write(&path, flipped).unwrap();
        flips += 1;
        match verified(&path) {
            Err(message) => {
                noticed += 1;
                assert!(message.contains("train.parquet"), "{message}");
            }
            Ok(found) => assert!(found == dataset, "byte {byte} is used silently"),
        }
    }
    assert!(noticed > flips / 2, "{noticed} of {flips}");
}

#[test]
fn each_half_knows_which_half_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    Dataset::generated(Task::Cifar10, 3, 0).write(&at("train.parquet")).unwrap();
    fs::copy(at("train.parquet"), at("test.parquet")).unwrap();
    let message = verified(&at("test.parquet")).unwrap_err();
    assert!(message.contains("test.parquet: holds the train images"), "{message}");
    assert!(!message.contains("delete it"), "it may be the user's own: {message}");
    let prepared = Dataset::read_verified_of(&at("test.parquet"), Task::Cifar10).unwrap_err().to_string();
    assert_eq!(prepared, format!("{message}; delete it, and `just data` prepares it again"));
    fs::copy(at("train.parquet"), at("mine.parquet")).unwrap();
    assert!(verified(&at("mine.parquet")).is_ok());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_known_as_one() {
    let device = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut writer = ArrowWriter::try_new(device, schema(), None).unwrap();
    let dataset = Dataset::generated(Task::Cifar10, 3, 0);
    writer.write(&batch(&schema(), &dataset.images, &dataset.labels)).unwrap();
    let error = failure(Path::new("train.parquet"), writer.close().unwrap_err());
    let DatasetError::Io(error) = error else { panic!("not known as the file system's: {error}") };
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}
