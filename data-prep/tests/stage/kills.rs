//! The program is killed at single system calls, and system calls fail, by way of `strace`.
//!
//! If `strace` is missing or may not trace programs, these tests say so and end; in CI they fail.

use crate::equipped::can_trace;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Runs the program under `strace` with these arguments.
fn traced(directory: &Path, strace: &[&str], seed: &str) -> Output {
    Command::new("strace")
        .args(["-f", "-q"])
        .args(strace)
        .arg(env!("CARGO_BIN_EXE_data-prep"))
        .args(["generate", "--work", "w", "--images", "20", "--test-images", "10", "--seed", seed])
        .current_dir(directory)
        .output()
        .unwrap()
}

/// Returns the output of `--check` if the two halves are a pair.
fn checked(directory: &Path) -> Option<String> {
    let check = Command::new(env!("CARGO_BIN_EXE_data-prep"))
        .args(["--check", "--accept-any-content", "--work", "w"])
        .current_dir(directory)
        .output()
        .unwrap();
    check.status.success().then(|| String::from_utf8(check.stdout).unwrap())
}

#[test]
fn whoever_is_killed_while_it_generates_leaves_no_pair_of_two_seeds() {
    if !can_trace() {
        return;
    }
    let (mut killed, mut halves) = (0, 0);
    let pair = |text: &str, seed: u64| {
        text.contains(&format!("seed {seed}\n")) && text.contains(&format!("seed {}\n", seed ^ 0x7465_7374))
    };
    for call in ["rename", "renameat2", "unlink", "fsync", "fchmod"] {
        for at in 1..=5 {
            let directory = TempDir::new().unwrap();
            assert!(traced(directory.path(), &["-e", "trace=none"], "1").status.success());
            let inject = format!("inject={call}:signal=KILL:when={at}");
            if traced(directory.path(), &["-e", &inject], "2").status.success() {
                break;
            }
            killed += 1;
            match checked(directory.path()) {
                Some(text) => assert!(pair(&text, 1) || pair(&text, 2), "{call} {at}: {text}"),
                None => halves += 1,
            }
            assert!(traced(directory.path(), &["-e", "trace=none"], "2").status.success(), "{call} {at}");
            assert!(pair(&checked(directory.path()).unwrap(), 2), "{call} {at}");
        }
    }
    assert!(killed >= 8 && halves >= 2, "{killed} killed, {halves} of them between the halves");
}

#[test]
fn a_failed_lock_is_named_and_a_directory_without_flush_is_tolerated() {
    if !can_trace() {
        return;
    }
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    for error in ["ENOLCK", "ENOSYS", "EOPNOTSUPP"] {
        let directory = TempDir::new().unwrap();
        let output = traced(directory.path(), &["-e", &format!("inject=flock:error={error}")], "1");
        let message = said(&output);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            message.contains("cannot be locked: choose") && !message.contains("another process"),
            "{message}"
        );
        // The second file system has locks, while the first one still has none.
        let refused = message
            .split(": cannot be locked")
            .next()
            .and_then(|before| before.split(' ').next_back())
            .unwrap();
        let elsewhere = TempDir::new().unwrap();
        let output =
            traced(elsewhere.path(), &["-P", refused, "-e", &format!("inject=flock:error={error}")], "1");
        assert!(output.status.success(), "{refused}: {}", said(&output));
    }
    let interrupted = TempDir::new().unwrap();
    assert!(traced(interrupted.path(), &["-e", "inject=flock:error=EINTR:when=1"], "1").status.success());
    for (error, tolerated) in [("EINVAL", true), ("EOPNOTSUPP", true), ("EIO", false), ("ENOSPC", false)] {
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("w/data/cifar10");
        fs_err::create_dir_all(&data).unwrap();
        let inject = format!("inject=fsync:error={error}");
        let output = traced(directory.path(), &["-P", data.to_str().unwrap(), "-e", &inject], "1");
        assert!(said(&output).contains("INJECTED"), "{error}: no directory is flushed");
        assert_eq!(output.status.success(), tolerated, "{error}: {}", said(&output));
    }
}

/// A new directory is flushed into its parent, and a file's permission bits are set before its flush.
#[test]
fn what_is_named_stays_named_when_the_power_fails() {
    if !can_trace() {
        return;
    }
    let directory = TempDir::new().unwrap();
    let calls = "trace=mkdir,mkdirat,fsync,fchmod,rename,renameat,renameat2";
    let output = traced(directory.path(), &["-y", "-e", calls], "1");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("= 0")).collect();
    let root = fs_err::canonicalize(directory.path()).unwrap().display().to_string();
    for (made, above) in [
        ("w\"", root.clone()),
        ("w/data\"", format!("{root}/w")),
        ("w/data/cifar10\"", format!("{root}/w/data")),
    ] {
        let at = lines.iter().position(|line| line.contains("mkdir") && line.contains(made)).expect(made);
        let flushed = |line: &&&str| line.contains("fsync") && line.contains(&format!("<{above}>"));
        assert!(lines[at..].iter().any(|line| flushed(&line)), "{above} is not flushed:\n{log}");
    }
    let bits: Vec<usize> = (0..lines.len()).filter(|&at| lines[at].contains("fchmod")).collect();
    assert_eq!(bits.len(), 2, "{log}");
    assert!(bits.iter().all(|&at| lines[at + 1].contains("fsync")), "{log}");
}
