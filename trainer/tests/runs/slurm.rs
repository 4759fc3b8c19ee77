//! A sweep as a Slurm job, with stand-ins for Slurm's programs, and the progress that is reported of its
//! runs.

use crate::{folder, held, prepare, tiny};
use artifacts::run::{Status, folders};
use artifacts::{Configuration, Recipe};
use fs_err as fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Writes an experiment of one run with one update per epoch: hours, or a few epochs.
fn experiment(root: &Path, epochs: usize) {
    let text = format!(
        "title = \"one\"\n[recipe]\nchannels = [4, 8, 8, 8]\nepochs = {epochs}\nbatch = 256\n\
         [[grid]]\nrankscale = [2]\ndecay = [\"original\"]\nseed = [0]\n"
    );
    fs::write(root.join("one.toml"), text).unwrap();
}

fn program(root: &Path, name: &str, text: &str) {
    let path = root.join("bin").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn trainer(root: &Path, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    let path = format!("{}:{}", root.join("bin").display(), std::env::var("PATH").unwrap());
    command.args(words.split(' ')).arg("--experiment").arg(root.join("one.toml")).arg("--work").arg(root);
    command.envs([("PATH", path.as_str()), ("SLURM_ARRAY_JOB_ID", "7"), ("SLURM_ARRAY_TASK_ID", "3")]);
    command.stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn job(root: &Path) -> Command {
    let mut command = trainer(root, "sweep --device cpu --threads 1");
    command.arg("--slurm").arg(root.join("slurm"));
    command
}

/// Ends the job by a SIGTERM once an epoch is saved, while `squeue` prints this line; returns exit code and
/// output.
fn stopped(root: &Path, squeue: &str) -> (Option<i32>, String) {
    program(root, "squeue", &format!("echo \"$@\" >> '{0}/asked'; echo '{squeue}'", root.display()));
    program(root, "scontrol", &format!("echo \"$@\" >> '{0}/asked'", root.display()));
    let child = job(root).spawn().unwrap();
    let start = Instant::now();
    while !folders(&root.join("runs")).is_ok_and(|runs| runs.iter().any(|run| run.checkpoint_path().exists()))
    {
        assert!(start.elapsed() < Duration::from_mins(1), "no epoch comes");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

#[test]
fn a_job_that_was_warned_goes_back_into_the_queue_and_one_that_was_cancelled_does_not() {
    for (squeue, expected, again, words) in [
        ("RUNNING|0:45|1:00", 85, true, "job 7_3: back into the queue"),
        ("COMPLETING|0:45|1:00", 143, false, "epochs are saved"),
        // If Slurm does not answer, a cluster that requeues by exit code still does.
        ("slurm_load_jobs error", 85, false, "Slurm does not answer"),
    ] {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        prepare(root);
        experiment(root, 100_000);
        let (code, said) = stopped(root, squeue);
        assert_eq!(code, Some(expected), "{squeue}: {said}");
        assert!(said.contains(words), "{squeue}: {said}");
        let asked = fs::read_to_string(root.join("asked")).unwrap();
        let asked: Vec<_> = asked.lines().collect();
        assert_eq!(asked[0], "--noheader --format=%T|%M|%l --jobs 7_3");
        assert_eq!(asked.get(1), again.then_some(&"requeue 7_3"), "{squeue}");
        let (record, epochs) = folders(&root.join("runs")).unwrap()[0].read().unwrap();
        assert_eq!(record.status, Status::Interrupted);
        assert!(!epochs.is_empty());
    }
}

#[test]
fn nothing_is_wrong_with_a_job_that_leaves_the_rest_to_others() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    experiment(root.path(), 1);
    let configuration = Configuration { recipe: Recipe { epochs: 1, batch: 256, ..tiny().recipe }, ..tiny() };
    let lock = held(&folder(&layout, &data, &configuration));
    let output = job(root.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    drop(lock);
    assert!(!folder(&layout, &data, &configuration).record_path().exists());
}

#[test]
fn the_standing_of_a_run_is_seen_from_its_folder() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    experiment(root.path(), 2);
    let standing = |words: &str| {
        let output = trainer(root.path(), words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(standing("status"), "one: 1 waiting (1 runs)\n");
    assert!(standing("sweep --device cpu --threads 1 --plan --json").starts_with("{\"runs\":1,\"left\":1,"));
    assert!(job(root.path()).output().unwrap().status.success());
    let found: serde_json::Value = serde_json::from_str(&standing("status --json")).unwrap();
    let run = &found["runs"][0];
    let name = Configuration { recipe: Recipe { epochs: 2, batch: 256, ..tiny().recipe }, ..tiny() }
        .run_name(&data.fingerprint());
    assert_eq!((run["name"].as_str(), run["status"].as_str()), (Some(name.as_str()), Some("done")));
    assert_eq!((run["epochs_done"].as_u64(), run["epochs"].as_u64()), (Some(2), Some(2)));
    assert!(run["images_per_second"].as_f64().unwrap() > 0.0 && run["epoch_seconds"].as_f64().unwrap() > 0.0);

    // The states that a killed process leaves, and that a running one has.
    let run = artifacts::run::RunFolder::new(layout.run(&name));
    let mut record = run.read_record().unwrap();
    record.status = Status::Running;
    run.write_record(&record).unwrap();
    assert!(standing("status").contains("stopped      2 of 2 epochs"), "{}", standing("status"));
    fs::write(run.lock_path(), "").unwrap();
    assert!(standing("status").contains("running"));
    fs::write(run.epochs_path(), "damaged").unwrap();
    assert!(standing("status").contains("unusable     0 of 2 epochs: "), "{}", standing("status"));
}
