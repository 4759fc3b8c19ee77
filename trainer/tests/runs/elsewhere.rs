//! The program in surroundings other than those it was built in: without git, with failing locks, with
//! another process at work.

use crate::equipped::can_trace;
use crate::{folder, held, prepare, tiny};
use artifacts::run::folders;
use artifacts::{Backend, Configuration, Recipe};
use std::path::Path;
use std::process::{Command, Output};

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
    // Run outside of any source tree, and without git.
    let output =
        trainer(&[], root.path()).env("PATH", root.path()).current_dir(root.path()).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let record = folders(&root.path().join("runs")).unwrap()[0].read_record().unwrap();
    let revision = record.origin.provenance().unwrap().git_revision.clone();
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
    let configuration =
        Configuration { recipe: Recipe { epochs: 1, ..tiny().recipe }, engine: Backend::Fused, ..tiny() };
    let _lock = held(&folder(&layout, &data, &configuration));
    let output = trainer(&[], root.path()).output().unwrap();
    assert_eq!(
        (output.status.code(), said(&output).as_str()),
        (Some(75), "another process is training this run\n")
    );
}

/// NFS without its lock daemon and Lustre without flock have no locks; there the claim alone decides. A lock
/// that fails otherwise is named.
#[test]
fn a_file_system_without_locks_is_trained_on_and_a_lock_that_fails_is_named() {
    if !can_trace() {
        return;
    }
    for (error, is_trained) in [("ENOLCK", true), ("ENOSYS", true), ("EOPNOTSUPP", true), ("EIO", false)] {
        let root = tempfile::tempdir().unwrap();
        prepare(root.path());
        let inject = format!("inject=flock:error={error}");
        let output =
            trainer(&["strace", "-f", "-q", "-o", "/dev/null", "-e", &inject], root.path()).output().unwrap();
        let message = said(&output);
        let records = folders(&root.path().join("runs")).unwrap();
        let trained = records.iter().filter(|run| run.record_path().exists()).count();
        assert!(!message.contains("another process"), "{error}: {message}");
        if is_trained {
            assert_eq!((output.status.code(), trained), (Some(0), 1), "{error}: {message}");
            let names = fs_err::read_dir(records[0].path()).unwrap().map(|entry| entry.unwrap().file_name());
            let hidden: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with('.')).collect();
            assert!(hidden.is_empty(), "{hidden:?}");
        } else {
            assert_eq!((output.status.code(), trained), (Some(1), 0), "{error}: {message}");
            assert!(message.contains(".lock: cannot be locked: choose a file system"), "{error}: {message}");
            // Another file system has locks, while the first one still fails.
            let refused = message
                .split(": cannot be locked")
                .next()
                .and_then(|before| before.split(' ').next_back())
                .unwrap();
            let elsewhere = tempfile::tempdir().unwrap();
            prepare(elsewhere.path());
            let output = trainer(
                &["strace", "-f", "-q", "-o", "/dev/null", "-P", refused, "-e", &inject],
                elsewhere.path(),
            )
            .output()
            .unwrap();
            assert!(output.status.success(), "{refused}: {}", said(&output));
        }
    }
}
