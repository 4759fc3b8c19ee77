//! The program where its surroundings differ from the ones it was built in: no git, a lock that fails, another process at work.

use crate::{folder, held, prepare, tiny};
use artifacts::run::folders;
use artifacts::{Configuration, Engine};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const RUN: &str = "--rankscale 2 --channels 4,8,8,8 --epochs 1 --batch 64 --threads 1 --device cpu";

fn trainer(before: &[&str], root: &Path) -> Command {
    let words = before.iter().copied().chain([env!("CARGO_BIN_EXE_trainer"), "train"]);
    let words: Vec<&str> = words.chain(RUN.split(' ')).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg("--work").arg(root);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_revision_recorded_is_the_programs() {
    let root = tempfile::tempdir().unwrap();
    prepare(root.path());
    // Nowhere near a source tree, and without git.
    let output =
        trainer(&[], root.path()).env("PATH", root.path()).current_dir(root.path()).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let record = folders(&root.path().join("runs")).unwrap()[0].read_record().unwrap();
    let revision = record.provenance.unwrap().git_revision;
    assert_eq!(revision, env!("RANKSCALE_REVISION"));
    if Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.git")).exists() {
        assert!(
            revision.len() == 40 && revision.bytes().all(|digit| digit.is_ascii_hexdigit()),
            "{revision}"
        );
    }
}

#[test]
fn a_run_that_is_trained_elsewhere_has_a_code_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let configuration = Configuration { engine: Engine::Fused, epochs: 1, ..tiny() };
    let _lock = held(&folder(&layout, &data, &configuration));
    let output = trainer(&[], root.path()).output().unwrap();
    assert_eq!(
        (output.status.code(), said(&output).as_str()),
        (Some(75), "another process is training this run\n")
    );
}

/// Not of NFS without its lock daemon, nor of Lustre without flock, may anybody be told that another process is at work.
#[test]
fn a_lock_that_fails_is_named_and_nothing_is_trained() {
    let tried = Command::new("strace").args(["-e", "trace=flock", "true"]).stderr(Stdio::null()).status();
    if !tried.is_ok_and(|status| status.success()) {
        artifacts::output::say("no strace here: locks that fail are not tried");
        return;
    }
    for error in ["ENOLCK", "ENOSYS", "EOPNOTSUPP"] {
        let root = tempfile::tempdir().unwrap();
        prepare(root.path());
        let inject = format!("inject=flock:error={error}");
        let output =
            trainer(&["strace", "-f", "-q", "-o", "/dev/null", "-e", &inject], root.path()).output().unwrap();
        let message = said(&output);
        assert_eq!(output.status.code(), Some(1), "{error}: {message}");
        assert!(message.contains(".lock: cannot be locked: choose a file system"), "{error}: {message}");
        assert!(!message.contains("another process"), "{error}: {message}");
        let records = folders(&root.path().join("runs")).unwrap();
        assert!(records.iter().all(|run| !run.record_path().exists()), "{error}");
    }
}
