//! The forms in which people have CIFAR-10: each is accepted, or named with advice, which then works.

use crate::prepare::{ANYTHING, holds_the_samples, layout, path, refusal, write};
use crate::samples::{Records, archive, batches, expected, mirror, mirror_with, png, records};
use artifacts::Layout;
use artifacts::dataset::{Dataset, Provenance, RECORD_BYTES, Split, Task};
use data_prep::files::halves::Halves;
use data_prep::prepare::{Options, prepare};
use data_prep::write::generate::generate;
use data_prep::write::prepared::Outcome;
use parquet::basic::Compression;
use tempfile::TempDir;

#[test]
fn the_unpacked_folder_is_taken_and_so_is_what_stands_for_it() {
    let directory = TempDir::new().unwrap();
    write(&directory, &batches(&records(), "data/cifar-10-batches-bin/"));
    for name in ["data/cifar-10-batches-bin", "data", "data/cifar-10-batches-bin/data_batch_3.bin"] {
        let provenance = holds_the_samples(&path(&directory.path().join(name))).train;
        let Provenance::File { source, .. } = provenance else { panic!("from files") };
        assert_eq!(source, "cifar-10-batches-bin");
    }
    // An incomplete batch is named, and the advice works.
    let batch = directory.path().join("data/cifar-10-batches-bin/data_batch_2.bin");
    let bytes = fs_err::read(&batch).unwrap();
    fs_err::remove_file(&batch).unwrap();
    for name in ["data/cifar-10-batches-bin", "data/cifar-10-batches-bin/test_batch.bin"] {
        let message = refusal(&path(&directory.path().join(name)), &ANYTHING);
        assert!(message.contains("no data_batch_2.bin: put all 6 into"), "{message}");
    }
    // The archive beside it is accepted nevertheless.
    let archive_beside = [("data/cifar-10-batches-bin/cifar-10-binary.tar.gz", archive(&records()))];
    write(&directory, &archive_beside);
    holds_the_samples(&path(&directory.path().join("data/cifar-10-batches-bin")));
    fs_err::remove_file(directory.path().join(archive_beside[0].0)).unwrap();
    fs_err::write(&batch, &bytes[1..]).unwrap();
    let message = refusal(&path(&directory.path().join("data")), &ANYTHING);
    assert!(message.contains("data_batch_2.bin: has 6145 bytes"), "{message}");
    fs_err::write(&batch, bytes).unwrap();
    holds_the_samples(&path(&directory.path().join("data")));
}

#[test]
fn other_forms_are_called_what_they_are_with_what_to_do() {
    let (directory, samples) = (TempDir::new().unwrap(), records());
    write(
        &directory,
        &[
            ("cifar.zip", b"PK\x03\x04rest".to_vec()),
            ("python/cifar-10-batches-py/data_batch_1", b"\x80\x02}".to_vec()),
            ("hundred/fine_label_names.txt", b"apple".to_vec()),
            ("hundred/train.bin", vec![0; 3074]),
            ("images/train/airplane/0001.png", b"\x89PNG".to_vec()),
            ("single/airplane/0001.png", b"\x89PNG".to_vec()),
            ("renamed.bin", samples.test.clone()),
            ("key.parquet", b"PARErest".to_vec()),
            ("cifar-10-binary.tar.gz", archive(&samples)),
        ],
    );
    for (name, what) in [
        ("cifar.zip", "zip archive: unpack it"),
        ("python/cifar-10-batches-py", "pickles"),
        ("python", "pickles"),
        ("python/cifar-10-batches-py/data_batch_1", "pickle"),
        ("hundred", "CIFAR-100"),
        ("hundred/train.bin", "CIFAR-100"),
        ("images", "no train/automobile"),
        ("single", "single images"),
        ("images/train/airplane/0001.png", "single PNG"),
        ("renamed.bin", "records"),
        ("key.parquet", "encrypted"),
    ] {
        let message = refusal(&path(&directory.path().join(name)), &ANYTHING);
        assert!(message.contains(what) && message.contains(name), "{name}: {message}");
        let advised = message.contains("cifar-10-binary.tar.gz")
            || message.contains("cifar-10-batches-bin")
            || message.contains("without encryption");
        assert!(advised, "{name}: {message}");
    }
    // All of this advice leads to this archive, or to the folder above.
    holds_the_samples(&path(&directory.path().join("cifar-10-binary.tar.gz")));
}

#[test]
fn folders_of_images_are_taken_by_the_names_of_their_classes() {
    let (directory, samples) = (TempDir::new().unwrap(), ten_each());
    let image = |half: &str, record: &[u8]| {
        let class = Task::Cifar10.class_names()[usize::from(record[0])];
        (&*format!("{half}/{class}/0001.PNG").leak(), png(&record[1..]))
    };
    let train = samples.train.chunks(RECORD_BYTES).map(|record| image("train", record));
    let test = samples.test.chunks(RECORD_BYTES).map(|record| image("test", record));
    write(&directory, &train.chain(test).collect::<Vec<_>>());
    write(&directory, &[("train/cat/.DS_Store", b"hidden".to_vec())]);
    let here = path(directory.path());
    let layout = Layout::new(directory.path().join("work"));
    prepare(&layout, &here, &ANYTHING).unwrap();
    for (split, records) in [(Split::Train, &samples.train), (Split::Test, &samples.test)] {
        let found = Dataset::read_verified(&layout.images(Task::Cifar10, split)).unwrap();
        assert_eq!(found.fingerprint, expected(records).fingerprint);
    }
    // When packed, the advice is to unpack it.
    let mut packed = tar::Builder::new(Vec::new());
    packed.append_dir_all("cifar10/train", directory.path().join("train")).unwrap();
    write(&directory, &[("cifar10.tgz", packed.into_inner().unwrap())]);
    let message = refusal(&path(&directory.path().join("cifar10.tgz")), &ANYTHING);
    assert!(message.contains("unpack the archive, and give the folder"), "{message}");
    // Other content than CIFAR-10's is refused as from any other source.
    let judging = Options { accept_any_content: false, ..ANYTHING };
    assert!(refusal(&here, &judging).contains("fingerprint"));
    // An unexpected file is named, and the advice works.
    let stranger = directory.path().join("test/ship/notes.txt");
    fs_err::write(&stranger, "x").unwrap();
    assert!(refusal(&here, &ANYTHING).contains("notes.txt: is no PNG: take everything else out"));
    fs_err::remove_file(&stranger).unwrap();
    fs_err::rename(directory.path().join("test/ship"), directory.path().join("ship")).unwrap();
    assert!(refusal(&here, &ANYTHING).contains("but no test/ship: put all 20 there"));
    fs_err::rename(directory.path().join("ship"), directory.path().join("test/ship")).unwrap();
    let again = Options { force: true, ..ANYTHING };
    assert!(matches!(prepare(&layout, &here, &again), Ok(Outcome::Prepared(_))));
}

/// Ten images of each half, one per class.
fn ten_each() -> Records {
    let Records { train, .. } = records();
    let mut test = train.clone();
    test.chunks_mut(RECORD_BYTES).for_each(|record| record[RECORD_BYTES - 1] ^= 1);
    Records { train, test }
}

#[test]
fn parquet_of_every_codec_is_read_or_its_codec_is_named() {
    let samples = records();
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::LZ4_RAW,
        Compression::LZ4,
        Compression::ZSTD(parquet::basic::ZstdLevel::default()),
    ] {
        let directory = TempDir::new().unwrap();
        let files = [
            ("train.parquet", mirror_with(&samples.train, codec)),
            ("test.parquet", mirror_with(&samples.test, codec)),
        ];
        write(&directory, &files);
        holds_the_samples(&path(directory.path()));
    }
    // The test cannot write the other two codecs, so their numbers are patched into the footer after the
    // column's name.
    for (number, name) in [(4, "brotli"), (3, "lzo")] {
        let directory = TempDir::new().unwrap();
        let mut test = mirror_with(&samples.test, Compression::UNCOMPRESSED);
        let before = b"\x05label\x15\x00";
        let at = test.windows(before.len()).rposition(|window| window == before).unwrap();
        test[at + before.len() - 1] = 2 * number;
        write(&directory, &[("train.parquet", mirror(&samples.train)), ("test.parquet", test)]);
        let message = refusal(&path(directory.path()), &ANYTHING);
        assert!(message.contains(&format!("compressed with {name}")), "{message}");
        assert!(message.contains("test.parquet: column `label`") && message.contains("zstd"), "{message}");
        assert!(!message.contains("is not a whole"), "{message}");
    }
}

#[test]
fn data_of_another_version_is_prepared_again_as_its_message_says() {
    let (directory, source) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&source, &[("a.tar.gz", archive(&records()))]);
    let (layout, source) = (layout(&directory), path(&source.path().join("a.tar.gz")));
    prepare(&layout, &source, &ANYTHING).unwrap();
    let test = layout.images(Task::Cifar10, Split::Test);
    let Records { test: records, .. } = records();
    fs_err::write(&test, mirror(&records)).unwrap();
    assert!(Dataset::read_verified(&test).is_err());
    assert!(matches!(prepare(&layout, &source, &ANYTHING), Ok(Outcome::Prepared(_))));
    assert!(Dataset::read_verified(&test).is_ok());
}

#[test]
fn files_are_renamed_and_data_is_generated_elsewhere_as_advised() {
    let (directory, samples) = (TempDir::new().unwrap(), records());
    write(&directory, &[("a.parquet", mirror(&samples.train)), ("b.parquet", mirror(&samples.test))]);
    let at = |name: &str| directory.path().join(name);
    assert!(refusal(&path(&at("a.parquet")), &ANYTHING).contains("train.parquet and test.parquet"));
    fs_err::rename(at("a.parquet"), at("train.parquet")).unwrap();
    fs_err::rename(at("b.parquet"), at("test.parquet")).unwrap();
    holds_the_samples(&path(&at("train.parquet")));
    let real = layout(&directory);
    prepare(&real, &path(directory.path()), &ANYTHING).unwrap();
    let images = Halves { train: 20, test: 10 };
    let message = generate(&real, Task::Cifar10, images, 0, false, |_| Ok(1 << 40)).unwrap_err().to_string();
    assert!(message.contains("generate elsewhere with --work"), "{message}");
    let elsewhere = Layout::new(directory.path().join("elsewhere"));
    assert!(matches!(
        generate(&elsewhere, Task::Cifar10, images, 0, false, |_| Ok(1 << 40)),
        Ok(Outcome::Prepared(_))
    ));
    // A full disk, and another one with free space.
    let full = Options { available: |_| Ok(0), force: true, ..ANYTHING };
    let message = refusal(&path(directory.path()), &full);
    assert!(message.contains("choose another disk with --work"), "{message}");
    let other = Layout::new(directory.path().join("other"));
    assert!(prepare(&other, &path(directory.path()), &ANYTHING).is_ok());
}
