//! Real folders: finished, empty, damaged, and written to while they are read.

use artifacts::run::{Condition, RunFolder, RunRecord, Status};
use artifacts::{Backend, Configuration, Layout, atomic};
use fs_err as fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use top::moment::{SoFar, Sweep};
use top::read::Reader;

/// A copy of a kept study of thirty runs.
pub fn copy() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    copied(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../results/seeds")), root.path());
    root
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copied(&path, &there);
        } else {
            fs::copy(&path, &there).unwrap();
        }
    }
}

fn reader(root: &Path) -> Reader {
    Reader::new(Layout::new(root), None)
}

fn sweep(root: &Path) -> Sweep {
    reader(root).read().sweep.unwrap()
}

fn a_run(root: &Path) -> PathBuf {
    root.join("runs/r08-original-s0-e172532e")
}

#[test]
fn a_finished_study_is_all_there() {
    let root = copy();
    let sweep = sweep(root.path());
    assert_eq!(
        (sweep.experiment.as_str(), sweep.cells.len(), sweep.count(Condition::Done)),
        ("seeds", 6, 30)
    );
    assert!((sweep.share() - 1.0).abs() < 1e-12 && sweep.left().is_none() && sweep.troubles.is_empty());
    let SoFar::Found { summary, .. } = sweep.endpoint else { panic!("its analysis is kept") };
    assert_eq!(summary.done, 30);
}

#[test]
fn a_folder_without_anything_says_what_to_do_and_what_lies_there_without_a_plan_is_shown() {
    let root = tempfile::tempdir().unwrap();
    let nothing = reader(root.path()).read().sweep.unwrap_err();
    assert!(
        nothing.found.contains("Nothing has been trained") && nothing.advice[0].0.starts_with("just all")
    );
    let missing = reader(&root.path().join("nowhere")).read().sweep.unwrap_err();
    assert!(missing.found.contains("There is no folder"), "{}", missing.found);
    let other = Reader::new(Layout::new(root.path()), Some("desktop".to_owned())).read().sweep.unwrap_err();
    assert!(other.found.contains("No sweep of desktop has begun"), "{}", other.found);

    let root = copy();
    fs::rename(root.path().join("plan.json"), root.path().join("plans/seeds/plan.json")).unwrap();
    let by_name = |name: &str| Reader::new(Layout::new(root.path()), Some(name.to_owned())).read().sweep;
    assert_eq!(by_name("seeds").unwrap().runs().count(), 30);
    assert_eq!(by_name("experiments/seeds.toml").unwrap().runs().count(), 30);
    assert_eq!(sweep(root.path()).title, "runs without a plan");
}

#[test]
fn without_a_plan_runs_of_two_recipes_or_engines_are_not_averaged() {
    let root = copy();
    fs::remove_file(root.path().join("plan.json")).unwrap();
    let (record, rows) = RunFolder::new(a_run(root.path())).read().unwrap();
    for change in [
        &(|of: &mut Configuration| of.recipe.batch = 256) as &dyn Fn(&mut Configuration),
        &|of: &mut Configuration| of.engine = Backend::Tch,
    ] {
        let mut other = RunRecord { sealed: None, ..record.clone() };
        change(&mut other.configuration);
        other.name = other.configuration.run_name(&other.data.fingerprint);
        let folder = RunFolder::new(root.path().join("runs").join(&other.name));
        folder.write_epochs(&rows).unwrap();
        folder.write_record(&other).unwrap();
    }
    let sweep = sweep(root.path());
    assert_eq!((sweep.cells.len(), sweep.count(Condition::Done)), (6 + 2, 32));
    let here: Vec<_> =
        sweep.cells.iter().filter(|cell| cell.rankscale == 8 && cell.arm == network::Arm::ORIGINAL).collect();
    assert!(here.iter().all(|cell| cell.kind.is_some() && !cell.labelled), "{here:?}");
    assert_eq!(here.iter().map(|cell| cell.runs.len()).max(), Some(5));
    assert!(sweep.cells.iter().filter(|cell| cell.rankscale != 8).all(|cell| cell.kind.is_none()));
}

#[test]
fn damaged_files_are_named_and_the_others_are_shown() {
    let root = copy();
    let table = RunFolder::new(a_run(root.path())).epochs_path();
    let mut bytes = fs::read(&table).unwrap();
    bytes.truncate(bytes.len() / 2);
    atomic::write(&table, &bytes).unwrap();
    atomic::write(&root.path().join("analysis/summary.json"), b"{}").unwrap();
    let mut reader = reader(root.path());
    let sweep = reader.read().sweep.unwrap();
    assert_eq!((sweep.count(Condition::Done), sweep.count(Condition::Unusable)), (29, 1));
    let trouble = &sweep.troubles[0];
    assert!(
        trouble.what.contains("epochs.parquet") && trouble.of.starts_with("r08-original-s0"),
        "{trouble:?}"
    );
    let SoFar::Missing { reason, .. } = sweep.endpoint else { panic!("it is damaged") };
    assert!(reason.contains("summary.json"), "{reason}");

    // A plan that is damaged after it was read once is named, and stays in use.
    atomic::write(&root.path().join("plan.json"), b"{").unwrap();
    let sweep = reader.read().sweep.unwrap();
    assert_eq!(sweep.runs().count(), 30);
    assert!(sweep.troubles[0].what.contains("plan.json"), "{:?}", sweep.troubles[0]);
    let damaged = Reader::new(Layout::new(root.path()), None).read().sweep.unwrap_err();
    assert!(damaged.found.contains("plan.json"), "{}", damaged.found);
}

#[test]
fn what_is_written_while_it_is_read_is_never_called_damaged() {
    let root = copy();
    let stop = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let folder = RunFolder::new(a_run(root.path()));
            let (done, epochs) = (folder.read_record().unwrap(), fs::read(folder.epochs_path()).unwrap());
            // As a trainer does it: status running, a rewritten table, status done.
            let under_way = RunRecord { status: Status::Running, ..done.clone() };
            while !stop.load(Ordering::Relaxed) {
                folder.write_record(&under_way).unwrap();
                atomic::write(&folder.epochs_path(), &epochs).unwrap();
                folder.write_record(&done).unwrap();
            }
        });
        let mut reader = reader(root.path());
        let looks = (0..50).map(|_| {
            let sweep = reader.read().sweep.unwrap();
            sweep.runs().find(|(_, run)| run.name.starts_with("r08-original-s0")).unwrap().1.condition()
        });
        let seen: Vec<Condition> = looks.collect();
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        seen
    });
    // Nobody holds its lock, so it counts as stopped in between.
    assert!(seen.iter().all(|seen| matches!(seen, Condition::Done | Condition::Stopped)), "{seen:?}");
}

#[test]
fn a_run_that_its_log_calls_failed_is_in_the_failures_unless_it_is_under_way() {
    let root = copy();
    let name = "r08-original-s0-e172532e";
    fs::remove_dir_all(a_run(root.path())).unwrap();
    let log = format!("job 7_0 on node1, start 0\nlibtorch: out of memory\n{name}: failed: no memory\n");
    atomic::write(&root.path().join("slurm/seeds-7_0.log"), log.as_bytes()).unwrap();
    let sweep = sweep(root.path());
    assert_eq!((sweep.failed(), sweep.count(Condition::Waiting)), (1, 0));
    assert_eq!(sweep.troubles[0].what, "failed: no memory");
    assert!(sweep.troubles[0].lines[0].contains("out of memory"), "{:?}", sweep.troubles);
}

#[test]
fn a_run_under_way_that_nobody_writes_to_is_a_trouble_with_its_minutes() {
    let root = copy();
    let folder = RunFolder::new(a_run(root.path()));
    let record = folder.read_record().unwrap();
    folder.write_record(&RunRecord { status: Status::Running, ..record }).unwrap();
    atomic::write(&folder.lock_path(), b"").unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(1000);
    for path in [folder.record_path(), folder.epochs_path()] {
        fs::File::options().write(true).open(path).unwrap().file().set_modified(long_ago).unwrap();
    }
    let sweep = sweep(root.path());
    let said = "silent for 16 min: its process may be dead, and a sweep takes it up";
    assert_eq!(sweep.troubles[0].what, said);
}

#[test]
fn an_old_failure_of_a_run_that_went_on_is_none_and_a_diverged_run_is_a_trouble() {
    let root = copy();
    let folder = RunFolder::new(a_run(root.path()));
    let done = folder.read_record().unwrap();
    let log = format!("{}: failed: no memory\n", done.name);
    atomic::write(&root.path().join("slurm/seeds-7_0.log"), log.as_bytes()).unwrap();
    atomic::write(&folder.lock_path(), b"").unwrap();
    for (status, condition, trouble) in [
        (Status::Done, Condition::Done, None),
        (Status::Running, Condition::Running, None),
        (Status::Diverged, Condition::Diverged, Some("diverged in epoch 6")),
    ] {
        folder.write_record(&RunRecord { status, ..done.clone() }).unwrap();
        let sweep = sweep(root.path());
        let run = sweep.runs().find(|(_, run)| run.name == done.name).unwrap().1;
        assert_eq!((run.condition(), sweep.failed()), (condition, 0));
        assert_eq!(sweep.troubles.first().map(|trouble| trouble.what.as_str()), trouble);
    }
}
