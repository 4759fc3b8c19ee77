//! Fuzzes every form in which CIFAR-10 comes with corrupted files: the outcome is an error that names the
//! file, or images that obey the rules.
//!
//! `PROPTEST_CASES=10000 cargo test --release -p data-prep --test fuzz` tries more cases.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

#[path = "../../artifacts/tests/mutation/mod.rs"]
mod mutation;
#[allow(dead_code, reason = "those of the other tests take the rest")]
#[path = "stage/samples.rs"]
mod samples;

use artifacts::Layout;
use artifacts::dataset::{Dataset, RECORD_BYTES, Split, Task};
use data_prep::fetch::retry::RetryPolicy;
use data_prep::files::location::Location;
use data_prep::find::source::{Candidate, Wanted};
use data_prep::prepare::{Options, prepare};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use fs_err as fs;
use mutation::mutated;
use parquet::basic::{Compression as Codec, GzipLevel, ZstdLevel};
use samples::{archive, batches, mirror_with, png, records};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Prepares from `place`, and returns the images or the error.
fn prepared(place: &Path) -> anyhow::Result<[Dataset; 2]> {
    let directory = TempDir::new()?;
    let layout = Layout::new(directory.path());
    let place = Location::Path(place.to_owned());
    let candidate = Candidate { name: place.to_string(), files: Wanted::Sought(place) };
    let options = Options {
        task: Task::Cifar10,
        force: false,
        accept_any_content: true,
        keep_downloads: false,
        retry: RetryPolicy::default(),
        available: |_| Ok(1 << 40),
    };
    prepare(&layout, &[candidate], &options).map_err(|error| anyhow::anyhow!("{error:#}"))?;
    Ok([
        Dataset::read_verified(&layout.images(Task::Cifar10, Split::Train))?,
        Dataset::read_verified(&layout.images(Task::Cifar10, Split::Test))?,
    ])
}

fn obey([train, test]: [Dataset; 2]) {
    assert!(!train.is_empty() && !test.is_empty());
    assert!(train.labels.iter().chain(&test.labels).all(|&label| label < 10));
}

#[test]
fn the_archive() {
    let valid = archive(&records());
    mutated(30, "cifar-10-binary.tar.gz", &valid, prepared, obey);
}

#[test]
fn the_archive_packed_anew() {
    let mut tar = Vec::new();
    GzDecoder::new(archive(&records()).as_slice()).read_to_end(&mut tar).unwrap();
    // The tar is corrupted before it is compressed, so that no checksum protects the reader of its members.
    let packed = |path: &Path| -> anyhow::Result<[Dataset; 2]> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&fs::read(path)?)?;
        fs::write(path, packer.finish()?)?;
        prepared(path)
    };
    mutated(30, "cifar.tar.gz", &tar, packed, obey);
    mutated(30, "cifar.tar", &tar, prepared, obey);
}

#[test]
fn a_batch_of_records() {
    let directory = TempDir::new().unwrap();
    let batches = batches(&records(), "");
    for (name, bytes) in &batches {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    let here = |path: &Path| {
        fs::copy(path, directory.path().join("data_batch_2.bin"))?;
        prepared(directory.path())
    };
    mutated(30, "data_batch_2.bin", &batches[1].1, here, obey);
}

#[test]
fn an_image_in_a_folder() {
    let directory = TempDir::new().unwrap();
    let train = records().train;
    for half in ["train", "test"] {
        for record in train.chunks(RECORD_BYTES) {
            let folder =
                directory.path().join(half).join(Task::Cifar10.class_names()[usize::from(record[0])]);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("1.png"), png(&record[1..])).unwrap();
        }
    }
    let place: PathBuf = directory.path().join("test/ship/1.png");
    let here = |path: &Path| {
        fs::copy(path, &place)?;
        prepared(directory.path())
    };
    mutated(40, "1.png", &png(&train[1..RECORD_BYTES]), here, obey);
}

#[test]
fn a_file_of_the_mirror() {
    let samples = records();
    for codec in [
        Codec::UNCOMPRESSED,
        Codec::SNAPPY,
        Codec::GZIP(GzipLevel::default()),
        Codec::LZ4,
        Codec::LZ4_RAW,
        Codec::ZSTD(ZstdLevel::default()),
    ] {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("train.parquet"), mirror_with(&samples.train, codec)).unwrap();
        let here = |path: &Path| {
            fs::copy(path, directory.path().join("test.parquet"))?;
            prepared(directory.path())
        };
        mutated(25, "test.parquet", &mirror_with(&samples.test, codec), here, obey);
    }
}

#[test]
fn a_file_of_ours() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name);
    let [train, test] = [1, 2].map(|seed| Dataset::generated(Task::Cifar10, 10, seed));
    train.write(&path("train.parquet")).unwrap();
    test.write(&path("test.parquet")).unwrap();
    let valid = fs::read(path("test.parquet")).unwrap();
    let here = |from: &Path| {
        fs::copy(from, path("test.parquet"))?;
        prepared(directory.path())
    };
    // The file holds its own fingerprint, so no other images come out of it.
    let same = |found: [Dataset; 2]| {
        for (found, written) in found.iter().zip([&train, &test]) {
            assert!(found.images == written.images && found.labels == written.labels);
        }
    };
    mutated(40, "test.parquet", &valid, here, same);
}
