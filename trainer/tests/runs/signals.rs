//! The program's reaction to signals, as batch systems, terminals and containers send them.

use crate::prepare;
use artifacts::Layout;
use artifacts::dataset::{Dataset, Split, Task};
use artifacts::run::{RunFolder, Status, folders};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program in its own process group, which is killed when the test ends, even if it fails.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a run with one update per epoch that takes hours.
fn start(root: &Path, shell: &str) -> Program {
    program(
        root,
        shell,
        "train --rankscale 2 --channels 4,8,8,8 --epochs 100000 --batch 256 --threads 1 --device cpu",
    )
}

fn program(root: &Path, shell: &str, run: &str) -> Program {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{shell} exec \"$0\" {run} --work \"$1\""), env!("CARGO_BIN_EXE_trainer")])
        .arg(root)
        .stderr(Stdio::null())
        .process_group(0);
    // SAFETY: between fork and exec, signal(2) is safe to call; it touches no memory.
    unsafe { command.pre_exec(heard) };
    Program(command.spawn().unwrap())
}

/// Resets signal actions that the tests may have inherited: `nohup` ignores SIGHUP, and a shell ignores
/// SIGINT in background jobs.
fn heard() -> io::Result<()> {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the default action is valid for each of them.
        if unsafe { libc::signal(signal, libc::SIG_DFL) } == libc::SIG_ERR {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

#[track_caller]
fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "it does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the run's folder as soon as an epoch is saved.
#[track_caller]
fn under_way(root: &Path) -> RunFolder {
    until(|| {
        let folder = folders(&root.join("runs")).ok()?.pop()?;
        folder.checkpoint_path().exists().then_some(folder)
    })
}

fn kill(program: &Program, signal: &str) {
    let group = format!("-{}", program.0.id());
    assert!(Command::new("kill").args(["-s", signal, "--", &group]).status().unwrap().success());
}

#[track_caller]
fn code(mut program: Program) -> Option<i32> {
    until(|| program.0.try_wait().unwrap()).code()
}

#[test]
fn a_signal_that_comes_twice_is_one_wish_with_one_update_an_epoch_too() {
    for (signal, expected) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let root = tempfile::tempdir().unwrap();
        prepare(root.path());
        let program = start(root.path(), "");
        let folder = under_way(root.path());
        kill(&program, signal);
        kill(&program, signal);
        assert_eq!(code(program), Some(expected), "{signal}");
        let (record, epochs) = folder.read().unwrap();
        assert_eq!(record.status, Status::Interrupted, "{signal}");
        assert!(!epochs.is_empty() && epochs.len() < 100_000);
        assert!(!folder.lock_path().exists());
    }
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let root = tempfile::tempdir().unwrap();
    prepare(root.path());
    // As with `nohup`, and in the background of a script.
    let mut program = start(root.path(), "trap '' HUP INT;");
    let folder = under_way(root.path());
    kill(&program, "HUP");
    kill(&program, "INT");
    let before = folder.read().unwrap().1.len();
    until(|| (folder.read().unwrap().1.len() > before + 3).then_some(()));
    assert_eq!(program.0.try_wait().unwrap(), None);
    kill(&program, "TERM");
    assert_eq!(code(program), Some(143));
}

/// Two seconds and an update: the time that a batch system may be configured to wait before it kills.
#[test]
fn a_signal_is_heard_in_the_middle_of_an_evaluation() {
    let root = tempfile::tempdir().unwrap();
    let layout = Layout::new(root.path());
    Dataset::generated(Task::Cifar10, 64, 1).write(&layout.images(Task::Cifar10, Split::Train)).unwrap();
    Dataset::generated(Task::Cifar10, 10_000, 2).write(&layout.images(Task::Cifar10, Split::Test)).unwrap();
    let run = "train --rankscale 8 --channels 64,128,256,256 --epochs 2 --batch 64 --threads 1 --device cpu";
    let program = program(root.path(), "", run);
    let folder =
        until(|| folders(&root.path().join("runs")).ok()?.pop().filter(|it| it.record_path().exists()));
    // By then the update has long ended, and the evaluation has not.
    std::thread::sleep(Duration::from_millis(600));
    kill(&program, "TERM");
    let asked = Instant::now();
    assert_eq!(code(program), Some(143));
    let taken = asked.elapsed();
    assert!(taken < Duration::from_secs(3), "{taken:?}");
    let (record, epochs) = folder.read().unwrap();
    assert_eq!((record.status, epochs.len()), (Status::Interrupted, 0));
}
