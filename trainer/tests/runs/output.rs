//! The program when nobody reads its output, and when the output cannot be written.

use crate::prepare;
use artifacts::run::{Status, folders};
use fs_err as fs;
use std::process::{Command, Output, Stdio};

fn trainer(line: &str) -> Command {
    let mut trainer = Command::new(env!("CARGO_BIN_EXE_trainer"));
    trainer.args(line.split(' ')).env_remove("WORK");
    trainer
}

/// A pipe whose reader has closed it.
fn closed() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

/// A full disk.
fn full() -> Stdio {
    fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into_parts().0.into()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_listing_ends_quietly_where_its_reader_has_gone() {
    for line in [
        "describe --rankscale 8",
        "describe --rankscale 8 --json",
        "doctor",
        "--help",
        "sweep --help",
        "--version",
    ] {
        let output = trainer(line).stdout(closed()).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{line}");
    }
    for line in ["describe --rankscale 8", "describe --rankscale 8 --json", "doctor"] {
        let output = trainer(line).stdout(full()).output().unwrap();
        let message = stderr(&output);
        assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{line}: {message}");
        assert!(message.starts_with("trainer: standard output: "), "{message}");
    }
}

#[test]
fn a_sweep_trains_on_where_nothing_can_be_said() {
    let experiment = "title = 't'\n[recipe]\nchannels = [4, 8, 8, 8]\nepochs = 2\nbatch = 64\n[[grid]]\nrankscale = [2]\n\
                      decay = ['original', 'none']\nseed = [0]\n";
    for stream in [closed, full] {
        let root = tempfile::tempdir().unwrap();
        prepare(root.path());
        let file = root.path().join("two.toml");
        fs::write(&file, experiment).unwrap();
        let line =
            format!("sweep --device cpu --experiment {} --work {}", file.display(), root.path().display());
        for line in [format!("{line} --plan"), line.clone(), line] {
            let status = trainer(&line).stdout(stream()).stderr(stream()).status().unwrap();
            assert_eq!(status.code(), Some(0), "{line}");
        }
        let runs = folders(&root.path().join("runs")).unwrap();
        assert!(runs.len() == 2 && runs.iter().all(|run| run.read_record().unwrap().status == Status::Done));
    }
}

#[test]
fn a_wrong_value_is_one_line_with_key_value_and_rule() {
    for (word, needle) in [
        ("--seed=-1", "'-1' for '--seed <SEED>': must be a whole number between 0 and 9223372036854775807"),
        ("--threads=100000", "'100000' for '--threads <THREADS>': must be a whole number between 1 and "),
        ("--lambda=nan", "'nan' for '--lambda <LAMBDA>': must be zero or a positive number"),
    ] {
        let output = trainer(&format!("train --rankscale=8 {word}")).output().unwrap();
        let message = stderr(&output);
        assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{message}");
        assert!(message.starts_with("trainer: ") && message.contains(needle), "{message}");
    }
    let output = trainer("sweep --jobs 16 --threads 4096").output().unwrap();
    assert!(stderr(&output).contains("--threads"), "{}", stderr(&output));
}
