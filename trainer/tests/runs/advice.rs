//! Follows the advice of each message, and checks that the run is then trained.

use crate::prepare;
use artifacts::Layout;
use artifacts::run::{RunFolder, RunRecord, Status, folders};
use fs_err as fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TINY: &str = "train --rankscale 2 --channels 4,8,8,8 --epochs 2 --batch 64 --device cpu --engine fused";

/// Returns the program's message, or `None` if it trained the run.
fn trained(root: &Path) -> Option<String> {
    said_by(Command::new(env!("CARGO_BIN_EXE_trainer")).args(TINY.split(' ')), root)
}

fn said_by(trainer: &mut Command, root: &Path) -> Option<String> {
    let output = trainer.arg("--work").arg(root).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then(|| said.lines().last().unwrap().to_owned())
}

/// Returns the last path that a message names.
fn named(message: &str, below: &Path) -> PathBuf {
    let words = message.split([' ', '`']).map(|word| word.trim_end_matches([':', ';', ',']));
    let paths: Vec<PathBuf> = words.map(PathBuf::from).filter(|path| path.starts_with(below)).collect();
    paths.last().unwrap_or_else(|| panic!("a path in: {message}")).clone()
}

/// A run that was stopped, in a directory of its own.
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

#[test]
fn images_that_are_missing_are_brought_as_advised_and_the_run_is_trained() {
    let root = tempfile::tempdir().unwrap();
    let message = trained(root.path()).expect("there are no images");
    assert!(message.contains("train.parquet: no such file; run `just data` first"), "{message}");
    prepare(root.path());
    assert_eq!(trained(root.path()), None);
}

#[test]
fn whoever_has_no_gpu_uses_the_cpu_as_advised() {
    let root = tempfile::tempdir().unwrap();
    prepare(root.path());
    let on = |device: &str, engine: &str| {
        let words = TINY.replace("cpu", device).replace("fused", engine);
        said_by(Command::new(env!("CARGO_BIN_EXE_trainer")).args(words.split(' ')), root.path())
    };
    for engine in ["auto", "fused"] {
        let message = on("cuda:99", engine).expect("no machine has so many");
        assert!(message.contains("use DEVICE=cpu"), "{message}");
        assert_eq!(on("cpu", engine), None);
    }
}

#[test]
fn a_run_that_lacks_epochs_is_deleted_as_advised_and_trained_anew() {
    let root = tempfile::tempdir().unwrap();
    let folder = stopped(root.path());
    let record = RunRecord { status: Status::Done, sealed: None, ..folder.read_record().unwrap() };
    folder.write_record(&record).unwrap();
    folder.write_epochs(&folder.read().unwrap().1[..1]).unwrap();
    let message = folder.read().unwrap_err().to_string();
    assert!(message.contains("delete the folder, and `just sweep` trains the run anew"), "{message}");
    fs::remove_dir_all(folder.path()).unwrap();
    assert_eq!(trained(root.path()), None);
    assert_eq!(folder.read().unwrap().1.len(), 2);
}

/// libtorch alone uses more memory than the limit.
#[cfg(all(target_os = "linux", not(feature = "tch")))]
#[test]
fn a_limit_of_memory_is_raised_or_the_batch_made_smaller_as_advised() {
    let root = tempfile::tempdir().unwrap();
    prepare(root.path());
    let under = |limit: &str, batch: &str| {
        let script = format!("ulimit -v {limit}; exec \"$0\" \"$@\"");
        let words = TINY
            .replace("4,8,8,8", "32,64,64,64")
            .replace("--batch 64", &format!("--batch {batch} --threads 1"));
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_trainer")]).args(words.split(' '));
        said_by(&mut shell, root.path())
    };
    let message = under("200000", "256").expect("it needs more");
    assert!(
        message.contains("`ulimit -v` leaves no more): use a smaller batch, raise that limit"),
        "{message}"
    );
    assert_eq!(under("200000", "16"), None);
    assert_eq!(under("unlimited", "256"), None);
}
