//! What a message advises is done, and then the run is trained.

use crate::prepare;
use artifacts::Layout;
use artifacts::run::{RunFolder, Status, folders};
use fs_err as fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program's message, or none where it has trained the run.
fn trained(root: &Path) -> Option<String> {
    let words = "train --rankscale 2 --channels 4,8,8,8 --epochs 2 --batch 64 --device cpu --engine fused";
    let mut trainer = Command::new(env!("CARGO_BIN_EXE_trainer"));
    let output = trainer.args(words.split(' ')).arg("--work").arg(root).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then(|| said.lines().last().unwrap().to_owned())
}

/// A message's words that are a path.
fn named(message: &str, below: &Path) -> PathBuf {
    let words = message.split([' ', '`']).map(|word| word.trim_end_matches([':', ';', ',']));
    let paths: Vec<PathBuf> = words.map(PathBuf::from).filter(|path| path.starts_with(below)).collect();
    paths.last().unwrap_or_else(|| panic!("a path in: {message}")).clone()
}

/// A run that was stopped, in a place of its own.
fn stopped(root: &Path) -> RunFolder {
    prepare(root);
    assert_eq!(trained(root), None);
    let folder = folders(&Layout::new(root).runs()).unwrap().remove(0);
    let mut record = folder.read_record().unwrap();
    record.status = Status::Interrupted;
    folder.write_record(&record).unwrap();
    folder
}

#[test]
fn a_damaged_file_is_deleted_as_advised_and_the_run_is_trained() {
    for damaged in [RunFolder::epochs_path, RunFolder::layers_path, RunFolder::checkpoint_path] {
        let root = tempfile::tempdir().unwrap();
        let folder = stopped(root.path());
        fs::write(damaged(&folder), "half").unwrap();
        let message = trained(root.path()).expect("it is damaged");
        assert!(message.contains("delete it"), "{message}");
        assert_eq!(named(&message, root.path()), damaged(&folder));
        fs::remove_file(damaged(&folder)).unwrap();
        assert_eq!(trained(root.path()), None);
        assert_eq!(folder.read_record().unwrap().status, Status::Done);
    }
}

#[test]
fn a_folder_that_cannot_be_read_is_moved_away_as_advised_and_the_run_is_trained() {
    let root = tempfile::tempdir().unwrap();
    let folder = stopped(root.path());
    fs::write(folder.record_path(), "{").unwrap();
    let message = trained(root.path()).expect("it is damaged");
    assert!(message.contains("move the folder away"), "{message}");
    fs::rename(folder.path(), root.path().join("away")).unwrap();
    assert_eq!(trained(root.path()), None);
}
