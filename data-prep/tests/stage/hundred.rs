//! CIFAR-100 in the forms in which CIFAR-10 comes; each data set is refused where the other is asked for.

use crate::prepare::{ANYTHING, path, refusal, write};
use crate::samples::{Records, archive, png, records};
use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StructArray};
use arrow_schema::{DataType, Field};
use artifacts::Layout;
use artifacts::dataset::{Dataset, Header, Provenance, RECORD_BYTES, Split, Task};
use data_prep::files::address::Address;
use data_prep::files::halves::Halves;
use data_prep::find::source::Origins;
use data_prep::prepare::{Options, prepare};
use data_prep::write::prepared;
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use std::sync::Arc;
use tempfile::TempDir;

const OPTIONS: Options = Options { task: Task::Cifar100, ..ANYTHING };

/// The samples with labels that CIFAR-10 does not have, and twice as many: each has its own class.
fn hundred() -> Records {
    let Records { mut train, mut test } = records();
    for (number, record) in train.chunks_mut(RECORD_BYTES).enumerate() {
        record[0] = (number * 11) as u8;
    }
    for (number, record) in test.chunks_mut(RECORD_BYTES).enumerate() {
        record[0] = 99 - number as u8;
    }
    Records { train, test }
}

/// The authors' records: the coarse label, the class, the planes.
fn binary(records: &[u8]) -> Vec<u8> {
    records.chunks(RECORD_BYTES).flat_map(|record| [&[record[0] / 5], record].concat()).collect()
}

fn tar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        if name.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A file of the mirror, with both labels and the image in `img.bytes`.
fn mirror(records: &[u8]) -> Vec<u8> {
    let records: Vec<&[u8]> = records.chunks(RECORD_BYTES).collect();
    let pngs = BinaryArray::from_iter_values(records.iter().map(|record| png(&record[1..])));
    let field = Arc::new(Field::new("bytes", DataType::Binary, true));
    let image = StructArray::from(vec![(field, Arc::new(pngs) as ArrayRef)]);
    let labels = |of: fn(u8) -> u8| {
        Arc::new(Int64Array::from_iter_values(records.iter().map(|record| i64::from(of(record[0])))))
    };
    let columns: [(&str, ArrayRef); 3] = [
        ("img", Arc::new(image)),
        ("fine_label", labels(|class| class)),
        ("coarse_label", labels(|class| class / 5)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn every_form_gives_the_same_files_beside_those_of_cifar_10() {
    let (directory, samples) = (TempDir::new().unwrap(), hundred());
    let files = [("train.bin", binary(&samples.train)), ("test.bin", binary(&samples.test))];
    let below =
        |folder: &str| files.clone().map(|(name, bytes)| (&*format!("{folder}/{name}").leak(), bytes));
    write(&directory, &[("a/cifar-100-binary.tar.gz", tar(&below("cifar-100-binary")))]);
    write(&directory, &below("b/cifar-100-binary"));
    write(&directory, &below("c"));
    let parquet =
        [("train-00000-of-00001.parquet", &samples.train), ("test-00000-of-00001.parquet", &samples.test)];
    write(
        &directory,
        &parquet.map(|(name, records)| (&*format!("d/cifar100/{name}").leak(), mirror(records))),
    );
    let mut images: Vec<(&str, Vec<u8>)> = Vec::new();
    for (half, records) in [("train", &samples.train), ("test", &samples.test)] {
        for class in Task::Cifar100.class_names() {
            let of_class = records
                .chunks(RECORD_BYTES)
                .find(|record| Task::Cifar100.class_names()[usize::from(record[0])] == *class);
            // Folders must not be empty: a class without a sample gets an image of its own.
            let planes = of_class
                .map_or_else(|| vec![class.len() as u8; RECORD_BYTES - 1], |record| record[1..].to_vec());
            images.push((&*format!("e/{half}/{class}/1.png").leak(), png(&planes)));
        }
    }
    write(&directory, &images);

    let expected = |records: &[u8]| {
        Dataset::from_records(Task::Cifar100, records, Provenance::Generated { seed: 0 }).unwrap().fingerprint
    };
    for form in ["a", "a/cifar-100-binary.tar.gz", "b", "b/cifar-100-binary/test.bin", "c", "d"] {
        let layout = Layout::new(directory.path().join(format!("work-{}", form.replace('/', "-"))));
        prepare(&layout, &path(&directory.path().join(form)), &OPTIONS).unwrap();
        for (split, records) in [(Split::Train, &samples.train), (Split::Test, &samples.test)] {
            let file = layout.images(Task::Cifar100, split);
            assert!(file.ends_with(format!("data/cifar100/{}.parquet", split.name())));
            let found = Dataset::read_verified(&file).unwrap();
            assert_eq!((found.task, found.fingerprint), (Task::Cifar100, expected(records)), "{form}");
        }
        assert!(!layout.data(Task::Cifar10).exists());
    }
    let layout = Layout::new(directory.path().join("folders"));
    prepare(&layout, &path(&directory.path().join("e")), &OPTIONS).unwrap();
    let found = Dataset::read_verified(&layout.images(Task::Cifar100, Split::Train)).unwrap();
    assert_eq!((found.len(), found.labels.iter().max()), (100, Some(&99)));
    // A prepared data set is itself a source, of that data set only.
    let prepared = path(&layout.data(Task::Cifar100));
    prepare(&Layout::new(directory.path().join("again")), &prepared, &OPTIONS).unwrap();
    let message = refusal(&prepared, &ANYTHING);
    assert!(
        message.contains("holds CIFAR-100, not CIFAR-10") && message.contains("DATASET=cifar100"),
        "{message}"
    );
}

#[test]
fn each_data_set_is_named_where_the_other_is_asked_for() {
    let (directory, samples) = (TempDir::new().unwrap(), hundred());
    let members = [
        ("cifar-100-binary/train.bin", binary(&samples.train)),
        ("cifar-100-binary/test.bin", binary(&samples.test)),
    ];
    write(&directory, &[("100.tar.gz", tar(&members)), ("10.tar.gz", archive(&records()))]);
    let folders = [("c/test/", vec![]), ("c/train/", vec![]), ("c/train/apple/1.png", b"no image".to_vec())];
    write(&directory, &[("images.tar.gz", tar(&folders))]);
    write(&directory, &[("python.tar.gz", tar(&[("cifar-100-python/train", vec![0x80, 2])]))]);
    write(
        &directory,
        &[
            ("100.parquet/train.parquet", mirror(&samples.train)),
            ("100.parquet/test.parquet", mirror(&samples.test)),
        ],
    );
    write(&directory, &members);
    let part = [("part/train.bin", binary(&samples.train))];
    write(&directory, &part);
    let at = |name: &str| path(&directory.path().join(name));
    for (name, options, words) in [
        ("100.tar.gz", &ANYTHING, ["is of CIFAR-100", "DATASET=cifar100"]),
        ("10.tar.gz", &OPTIONS, ["is of CIFAR-10:", "DATASET=cifar10"]),
        ("images.tar.gz", &OPTIONS, ["is a single image", "c/train/apple/1.png"]),
        ("python.tar.gz", &OPTIONS, ["pickles", "cifar-100-binary.tar.gz"]),
        ("100.parquet", &ANYTHING, ["fine_label", "DATASET=cifar100"]),
        ("cifar-100-binary", &ANYTHING, ["holds CIFAR-100, not CIFAR-10", "DATASET=cifar100"]),
        ("part", &OPTIONS, ["no test.bin", "cifar-100-binary.tar.gz"]),
    ] {
        let message = refusal(&at(name), options);
        assert!(words.iter().all(|word| message.contains(word)), "{name}: {message}");
    }
    let judging = Options { accept_any_content: false, ..OPTIONS };
    let message = refusal(&at("100.tar.gz"), &judging);
    assert!(
        message.contains("10 images, expected 50000") && message.contains("--accept-any-content"),
        "{message}"
    );
}

#[test]
fn where_no_fingerprint_is_known_every_class_must_have_its_number_of_images() {
    let dataset = Dataset::generated(Task::Cifar100, 10_000, 1);
    prepared::judge(Split::Test, &dataset).unwrap();
    let mut records: Vec<u8> = dataset.records().flatten().collect();
    let of = |class: u8, records: &[u8]| {
        records.chunks(RECORD_BYTES).position(|record| record[0] == class).unwrap()
    };
    let at = of(7, &records) * RECORD_BYTES;
    records[at] = 8;
    let other = Dataset::from_records(Task::Cifar100, &records, dataset.provenance).unwrap();
    let message = prepared::judge(Split::Test, &other).unwrap_err().to_string();
    assert!(message.contains("99 images of class beetle, expected 100"), "{message}");
}

/// Headers of as many images as CIFAR-100 has, from there.
fn headers(provenance: &Provenance) -> Halves<Header> {
    let header = |split| Header {
        task: Task::Cifar100,
        images: Task::Cifar100.images(split),
        fingerprint: "unknown".to_owned(),
        moments: Dataset::generated(Task::Cifar100, 1, 0).moments,
        provenance: provenance.clone(),
        split: Some(split),
    };
    Halves { train: header(Split::Train), test: header(Split::Test) }
}

#[test]
fn where_no_fingerprint_is_known_the_source_decides_and_generated_images_are_refused() {
    let layout = Layout::new("work");
    let from = |sha256: String| headers(&Provenance::File { source: "a".to_owned(), sha256 });
    let published = Origins::published(Task::Cifar100, &Address::new("http://localhost")).authors.sha256;
    for (sha256, words) in [
        (published.unwrap().to_string(), "CIFAR-100, verified by the sum of its file, from a"),
        ("another".to_owned(), "CIFAR-100 by its source's word: no fingerprint of it is known here, from a"),
    ] {
        let found = from(sha256);
        found.judge().unwrap();
        assert_eq!(found.report(&layout).matches(words).count(), 2, "{}", found.report(&layout));
    }
    let mut fewer = from("another".to_owned());
    fewer.test.images -= 1;
    let message = fewer.judge().unwrap_err().to_string();
    assert!(message.contains("test: 9999 images, expected 10000"), "{message}");
    assert!(fewer.report(&layout).contains("9999 images, NOT CIFAR-100, accepted as asked"));
    let message = headers(&Provenance::Generated { seed: 0 }).judge().unwrap_err().to_string();
    assert!(message.contains("train: generated images, and not CIFAR-100's"), "{message}");
}
