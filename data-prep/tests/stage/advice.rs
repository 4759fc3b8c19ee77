//! Follows the advice of each message, and checks that the images are then accepted.

use crate::prepare::{ANYTHING, holds_the_samples, layout, path, refusal, url, write};
use crate::samples::{archive, batches, mirror, png, records};
use crate::server::{Served, Server};
use artifacts::Layout;
use artifacts::dataset::{Split, Task};
use artifacts::lock::Lock;
use data_prep::files::halves::Halves;
use data_prep::prepare::{Options, prepare};
use data_prep::write::generate::generate;
use data_prep::write::prepared::Outcome;
use std::path::Path;
use tempfile::TempDir;

#[test]
fn what_stands_in_a_files_place_is_replaced_as_advised() {
    let samples = records();
    let (train, test) = (mirror(&samples.train), mirror(&samples.test));
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    for (name, found, needle, right) in [
        // `git lfs pull` replaces a pointer by its file.
        ("m/train.parquet", &pointer[..], "fetch it with `git lfs pull`", &train),
        ("m/test.parquet", pointer, "fetch it with `git lfs pull`", &test),
        ("m/train.parquet", b"PARErest", "written again without encryption", &train),
        ("m/test.parquet", b"PARErest", "written again without encryption", &test),
        (
            "a.tar.gz",
            b"<html>Sign in</html>",
            "take the authors' archive (cifar-10-binary.tar.gz",
            &archive(&samples),
        ),
        ("a.tar.gz", b"\x89HDF", "take the authors' archive (cifar-10-binary.tar.gz", &archive(&samples)),
        ("a.tar.gz", b"\x80\x02}", "take the binary version (cifar-10-binary.tar.gz", &archive(&samples)),
    ] {
        let directory = TempDir::new().unwrap();
        write(&directory, &[("m/train.parquet", train.clone()), ("m/test.parquet", test.clone())]);
        write(&directory, &[(name, found.to_vec())]);
        let source = path(&directory.path().join(name));
        let message = refusal(&source, &ANYTHING);
        assert!(message.contains(name) && message.contains(needle), "{name}: {message}");
        write(&directory, &[(name, right.clone())]);
        holds_the_samples(&source);
    }
}

#[test]
fn after_a_sign_in_the_same_address_gives_the_file_and_not_the_page_once_more() {
    let server = Server::start([("/a", Served::new("<!doctype html><title>Sign in</title>"))]);
    let (directory, source) = (TempDir::new().unwrap(), url(&server.url("/a")));
    let keep = Options { keep_downloads: true, ..ANYTHING };
    let message = format!("{:#}", prepare(&layout(&directory), &source, &keep).unwrap_err());
    assert!(message.contains("web page") && message.contains("sign in"), "{message}");
    server.replace("/a", Served::new(archive(&records())));
    assert!(prepare(&layout(&directory), &source, &keep).is_ok());
}

#[test]
fn an_address_that_is_not_spoken_is_fetched_otherwise_and_its_path_given() {
    let directory = TempDir::new().unwrap();
    let message = refusal(&url("s3://bucket/cifar-10-binary.tar.gz"), &ANYTHING);
    assert!(message.contains("fetch the file by other means and give its path"), "{message}");
    write(&directory, &[("cifar-10-binary.tar.gz", archive(&records()))]);
    holds_the_samples(&path(&directory.path().join("cifar-10-binary.tar.gz")));
}

#[test]
fn folders_of_images_are_renamed_as_advised() {
    let (directory, samples) = (TempDir::new().unwrap(), records());
    let ten = samples.train.chunks(samples.train.len() / 10);
    for (half, at) in [("train", 0), ("test", 1)] {
        for (number, record) in ten.clone().enumerate() {
            let mut image = record[1..].to_vec();
            image[0] ^= at;
            let name = &*format!("{half}/{number}/1.png").leak();
            write(&directory, &[(name, png(&image))]);
        }
    }
    let source = path(directory.path());
    let message = refusal(&source, &ANYTHING);
    assert!(message.contains("rename them"), "{message}");
    for half in ["train", "test"] {
        for (number, class) in Task::Cifar10.class_names().iter().enumerate() {
            let half = directory.path().join(half);
            fs_err::rename(half.join(number.to_string()), half.join(class)).unwrap();
        }
    }
    let work = TempDir::new().unwrap();
    assert!(matches!(prepare(&layout(&work), &source, &ANYTHING), Ok(Outcome::Prepared(_))));
    // A folder that was copied incompletely.
    fs_err::remove_file(directory.path().join("test/ship/1.png")).unwrap();
    let message = refusal(&source, &ANYTHING);
    assert!(message.contains("ship: has 0 images") && message.contains("copy it again"), "{message}");
    fs_err::copy(directory.path().join("test/cat/1.png"), directory.path().join("test/ship/1.png")).unwrap();
    let again = Options { force: true, ..ANYTHING };
    assert!(prepare(&layout(&work), &source, &again).is_ok());
}

#[test]
fn room_is_made_and_a_lock_is_waited_for_as_advised() {
    let (directory, source) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&source, &[("a.tar.gz", archive(&records()))]);
    let (layout, source) = (layout(&directory), path(&source.path().join("a.tar.gz")));
    let full = Options { available: |_| Ok(0), ..ANYTHING };
    let message = format!("{:#}", prepare(&layout, &source, &full).unwrap_err());
    assert!(message.contains("free some"), "{message}");
    let held = Lock::take(&layout.data_lock(Task::Cifar10)).unwrap();
    let message = format!("{:#}", prepare(&layout, &source, &ANYTHING).unwrap_err());
    assert!(message.contains("wait for it, or choose another directory with --work"), "{message}");
    let elsewhere = Layout::new(directory.path().join("elsewhere"));
    assert!(prepare(&elsewhere, &source, &ANYTHING).is_ok());
    drop(held);
    assert!(prepare(&layout, &source, &ANYTHING).is_ok());
}

#[test]
fn halves_that_do_not_belong_together_are_written_again_with_force() {
    let directory = TempDir::new().unwrap();
    let layout = layout(&directory);
    let make = |layout: &Layout, seed, force| {
        generate(layout, Task::Cifar10, Halves { train: 20, test: 10 }, seed, force, |_| Ok(1 << 40))
    };
    let other = Layout::new(directory.path().join("other"));
    make(&layout, 0, false).unwrap();
    make(&other, 1, false).unwrap();
    fs_err::copy(other.images(Task::Cifar10, Split::Test), layout.images(Task::Cifar10, Split::Test))
        .unwrap();
    let check = |root: &Path| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_data-prep"));
        let output = program.args(["--check", "--accept-any-content", "--work"]).arg(root).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (works, message) = check(layout.root());
    assert!(!works && message.contains("write both again with --force"), "{message}");
    make(&layout, 0, true).unwrap();
    assert_eq!(check(layout.root()), (true, String::new()));
}

#[test]
fn half_of_the_batches_is_copied_again_as_advised() {
    let (directory, samples) = (TempDir::new().unwrap(), records());
    let files = batches(&samples, "b/");
    write(&directory, &files);
    write(&directory, &[(files[2].0, files[2].1[..5000].to_vec())]);
    let source = path(&directory.path().join("b"));
    let message = refusal(&source, &ANYTHING);
    assert!(message.contains(files[2].0) && message.contains("copy it again"), "{message}");
    write(&directory, &files[2..3]);
    holds_the_samples(&source);
}
