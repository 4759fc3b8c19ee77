//! The program when nobody reads its output, and when the output cannot be written.

use crate::prepare;
use artifacts::Configuration;
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

#[test]
fn the_line_of_an_epoch_says_what_its_row_holds() {
    let root = tempfile::tempdir().unwrap();
    prepare(root.path());
    let output = trainer(
        "train --rankscale 2 --channels 4,8,8,8 --epochs 2 --batch 64 --device cpu --engine fused --work",
    )
    .arg(root.path())
    .env("RANKSCALE_LINE_SECONDS", "0")
    .output()
    .unwrap();
    let (said, run) = (stderr(&output), folders(&root.path().join("runs")).unwrap().remove(0));
    for row in run.read().unwrap().1 {
        let line = format!(
            "{}: epoch {}/2: train loss {:.4}, train accuracy {:.2} %, test accuracy {:.2} %, {:.0} images/s, ",
            run.name(),
            row.epoch,
            row.train_loss.unwrap(),
            100.0 * row.train_accuracy.unwrap(),
            100.0 * row.test_accuracy,
            row.images_per_second.unwrap(),
        );
        assert!(said.contains(&line), "{line} in {said}");
    }
}

#[test]
fn a_run_that_diverges_is_a_failure_of_the_program() {
    let root = tempfile::tempdir().unwrap();
    prepare(root.path());
    let line = "train --rankscale 2 --channels 4,8,8,8 --epochs 2 --batch 64 --peak-learning-rate 1e30 --device cpu --work";
    for _ in ["trained", "found"] {
        let output = trainer(line).arg(root.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).ends_with("diverged in epoch 1: the loss is not a finite number\n"));
    }
}

#[test]
fn a_description_counts_the_network_that_is_named() {
    let counts = Configuration::default().counts();
    let said = |line| String::from_utf8(trainer(line).output().unwrap().stdout).unwrap();
    let json: serde_json::Value = serde_json::from_str(&said("describe --rankscale 8 --json")).unwrap();
    assert_eq!((&json["rankscale"], &json["channels"]), (&8.into(), &vec![64, 128, 256, 512].into()));
    for (name, value) in serde_json::to_value(counts).unwrap().as_object().unwrap() {
        assert_eq!(&json[name], value, "{name}");
    }
    let table = said("describe --rankscale 8");
    for words in [
        "prep 3 64 - 32".to_owned(),
        "layer3 256 512 64 8".to_owned(),
        format!("parameters {}", counts.parameters),
        format!("depthwise-separable {} ratio {:.4}", counts.separable_parameters, counts.ratio_separable),
        format!("full 3x3 convolutions {} ratio {:.4}", counts.full_parameters, counts.ratio_full),
        format!("multiply-accumulates per image {}", counts.macs),
    ] {
        let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        assert!(lines.any(|line| line == words), "{words} in {table}");
    }
}

#[test]
fn a_repair_fails_while_a_run_stays_damaged() {
    let root = tempfile::tempdir().unwrap();
    prepare(root.path());
    let line =
        "train --rankscale 2 --channels 4,8,8,8 --epochs 1 --batch 64 --device cpu --engine fused --work";
    assert!(trainer(line).arg(root.path()).status().unwrap().success());
    let repaired = |words: &str| {
        let output = trainer(&format!("repair {words}")).arg(root.path()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = repaired("--work");
    assert!(
        code == Some(0) && said.starts_with("1 runs as they should be") && said.contains("; 0 damaged"),
        "{said}"
    );
    fs::write(folders(&root.path().join("runs")).unwrap()[0].model_path(), "half").unwrap();
    let (code, said) = repaired("--work");
    assert!(code == Some(1) && said.contains("; 0 set aside; 1 damaged"), "{said}");
    let (code, said) = repaired("--retrain --work");
    assert!(code == Some(0) && said.contains("; 1 set aside; 0 damaged"), "{said}");
}
