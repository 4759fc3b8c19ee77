//! Several runs: in parallel, in other processes, and after a failure.

use crate::{context, folder, held, prepare, tiny};
use artifacts::run::Status;
use artifacts::{Configuration, Experiment, Recipe};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use trainer::data::state_dict;
use trainer::machine::device::Device;
use trainer::machine::stop::Stop;
use trainer::sweep::{ELSEWHERE, Jobs, SideBySide, single, sweep};

fn at_once(jobs: usize) -> SideBySide {
    let jobs = NonZeroUsize::new(jobs).unwrap();
    SideBySide { jobs: Jobs::Exactly(jobs), per_device: jobs, threads: Some(1), cores: 2, wait: false }
}

#[test]
fn a_sweep_side_by_side_ends_like_one_after_the_other() {
    let stop = Stop::default();
    let runs: Vec<_> = (0..5)
        .map(|seed| Configuration { recipe: Recipe { epochs: 1, ..tiny().recipe }, seed, ..tiny() })
        .collect();
    let experiment = Experiment {
        name: "five".into(),
        title: "five runs".into(),
        tuned: false,
        verdict: None,
        runs: runs.clone(),
    };
    let models = [1, 3].map(|jobs| {
        let root = tempfile::tempdir().unwrap();
        let (layout, data) = prepare(root.path());
        let context = context(&layout, &data, &stop);
        assert_eq!(sweep(&context, &[Device::Cpu], &experiment, at_once(jobs), false).unwrap(), None);
        runs.iter()
            .map(|run| state_dict::load(&folder(&layout, &data, run).model_path()).unwrap().0)
            .collect::<Vec<_>>()
    });
    assert_eq!(models[0], models[1]);
}

#[test]
fn a_sweep_leaves_a_run_alone_that_is_trained_elsewhere() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (ours, theirs) = (tiny(), Configuration { seed: 1, ..tiny() });
    let experiment = Experiment {
        name: "two".into(),
        title: "two runs".into(),
        tuned: false,
        verdict: None,
        runs: vec![theirs.clone(), ours.clone()],
    };
    let busy = folder(&layout, &data, &theirs);
    let _lock = held(&busy);
    let context = context(&layout, &data, &stop);
    let code = sweep(&context, &[Device::Cpu], &experiment, at_once(2), false).unwrap();
    assert_eq!(code, Some(ELSEWHERE), "the experiment is not done");
    assert_eq!(folder(&layout, &data, &ours).read_record().unwrap().status, Status::Done);
    assert!(!busy.record_path().exists());
}

#[test]
fn a_sweep_that_waits_takes_up_what_another_process_leaves() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let theirs = tiny();
    let runs = vec![theirs.clone()];
    let experiment =
        Experiment { name: "one".into(), title: "one run".into(), tuned: false, verdict: None, runs };
    let wait = SideBySide { wait: true, ..at_once(1) };
    let busy = folder(&layout, &data, &theirs);
    // A process that is asked to stop while it waits notices at once.
    let (lock, stop) = (held(&busy), Stop::default());
    std::thread::scope(|scope| {
        let context = context(&layout, &data, &stop);
        let experiment = &experiment;
        let waiting = scope.spawn(move || sweep(&context, &[Device::Cpu], experiment, wait, false).unwrap());
        std::thread::sleep(Duration::from_millis(500));
        assert!(!waiting.is_finished() && !busy.record_path().exists());
        stop.request();
        let asked = Instant::now();
        assert_eq!(waiting.join().unwrap(), Some(130));
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    });
    let stop = Stop::default();
    std::thread::scope(|scope| {
        let context = context(&layout, &data, &stop);
        let experiment = &experiment;
        let waiting = scope.spawn(move || sweep(&context, &[Device::Cpu], experiment, wait, false).unwrap());
        std::thread::sleep(Duration::from_millis(500));
        drop(lock);
        assert_eq!(waiting.join().unwrap(), None);
    });
    assert_eq!(busy.read_record().unwrap().status, Status::Done);
}

#[test]
fn a_sweep_goes_on_after_a_failure_and_names_it() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (good, bad) = (Configuration { seed: 1, ..tiny() }, tiny());
    let experiment = Experiment {
        name: "two".into(),
        title: "two runs".into(),
        tuned: false,
        verdict: None,
        runs: vec![bad.clone(), good.clone()],
    };
    let broken = folder(&layout, &data, &bad);
    artifacts::atomic::write(&broken.record_path(), "not JSON").unwrap();
    let context = context(&layout, &data, &stop);
    assert_eq!(sweep(&context, &[Device::Cpu], &experiment, at_once(2), true).unwrap(), None);
    assert!(!folder(&layout, &data, &good).path().exists(), "a plan trains nothing");
    let error = sweep(&context, &[Device::Cpu], &experiment, at_once(2), false).unwrap_err().to_string();
    assert!(error.contains(&bad.run_name(&data.fingerprint())), "{error}");
    assert_eq!(folder(&layout, &data, &good).read_record().unwrap().status, Status::Done);
    assert_eq!(Experiment::read_plan(&layout.plan()).unwrap(), experiment);
}

/// Returns every file and folder below a directory, with the contents of the files.
fn tracks(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs_err::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(tracks(&path));
            found.insert(path, Vec::new());
        } else {
            found.insert(path.clone(), fs_err::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn what_cannot_fit_is_refused_before_anything_is_trained_and_the_others_go_on() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    // Training the huge run for even a moment would fail: there are 300 images.
    let (good, huge) = (
        Configuration { seed: 1, ..tiny() },
        Configuration { recipe: Recipe { batch: 1 << 30, ..tiny().recipe }, ..tiny() },
    );
    let experiment = |name: &str, runs: &[&Configuration]| Experiment {
        name: name.into(),
        title: name.into(),
        tuned: false,
        verdict: None,
        runs: runs.iter().map(|&run| run.clone()).collect(),
    };
    let context = context(&layout, &data, &stop);
    let run = |experiment: &Experiment, plan| sweep(&context, &[Device::Cpu], experiment, at_once(2), plan);
    let before = tracks(root.path());
    let (both, alone) = (experiment("both", &[&huge, &good]), experiment("alone", &[&huge]));
    assert_eq!(run(&both, true).unwrap(), None);
    assert_eq!(run(&alone, true).unwrap(), None);
    let name = huge.run_name(&data.fingerprint());
    assert!(run(&alone, false).unwrap_err().to_string().contains(&name));
    let message = single(&context, &huge).unwrap_err().to_string();
    assert!(message.contains("MiB free") && message.contains("smaller batch"), "{message}");
    assert_eq!(tracks(root.path()), before, "neither a plan nor a refusal leaves tracks");

    let error = run(&both, false).unwrap_err().to_string();
    assert!(error.contains("1 of 2 runs failed") && error.contains(&name), "{error}");
    assert_eq!(folder(&layout, &data, &good).read_record().unwrap().status, Status::Done);
    assert!(!folder(&layout, &data, &huge).path().exists());
}

#[test]
fn a_plan_is_written_when_a_sweep_trains_and_when_all_is_done() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    let experiment = |name: &str, batch| Experiment {
        name: name.into(),
        title: name.into(),
        tuned: false,
        verdict: None,
        runs: vec![Configuration { recipe: Recipe { epochs: 1, batch, ..tiny().recipe }, ..tiny() }],
    };
    let run = |experiment: &Experiment, plan| sweep(&context, &[Device::Cpu], experiment, at_once(1), plan);
    for name in ["first", "second", "first"] {
        run(&experiment(name, 64), false).unwrap();
        assert_eq!(Experiment::read_plan(&layout.plan()).unwrap().name, name);
    }
    assert_eq!(Experiment::read_plan(&layout.plan_of("second")).unwrap().name, "second");
    let before = tracks(root.path());
    run(&experiment("third", 64), true).unwrap();
    run(&experiment("fourth", 301), false).unwrap_err();
    assert_eq!(tracks(root.path()), before, "a look, and a sweep that fails at once");
}

#[test]
fn images_that_are_not_there_are_named_before_anything_runs() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    for (run, needle) in [
        (
            Configuration { recipe: Recipe { train_images: Some(301), ..tiny().recipe }, ..tiny() },
            "train_images 301: must be at most 300",
        ),
        (
            Configuration { recipe: Recipe { test_images: Some(1000), ..tiny().recipe }, ..tiny() },
            "test_images 1000: must be at most 100",
        ),
        (
            Configuration { recipe: Recipe { batch: 301, ..tiny().recipe }, ..tiny() },
            "batch 301: must be at most 300",
        ),
    ] {
        let experiment =
            Experiment { name: "x".into(), title: "x".into(), tuned: false, verdict: None, runs: vec![run] };
        let context = context(&layout, &data, &stop);
        let failure = sweep(&context, &[Device::Cpu], &experiment, at_once(1), false).unwrap_err();
        assert!(failure.to_string().starts_with(needle), "{failure}");
        assert!(!layout.runs().exists() && !layout.plan().exists());
    }
}

#[test]
fn a_stop_before_the_first_run_begins_none() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    stop.request();
    let experiment =
        Experiment { name: "x".into(), title: "x".into(), tuned: false, verdict: None, runs: vec![tiny()] };
    let context = context(&layout, &data, &stop);
    assert_eq!(sweep(&context, &[Device::Cpu], &experiment, at_once(1), false).unwrap(), Some(130));
    assert!(!layout.runs().exists());
}

#[test]
fn a_checkpoint_left_beside_a_finished_run_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    let runs = vec![Configuration { recipe: Recipe { epochs: 1, ..tiny().recipe }, ..tiny() }];
    let run = folder(&layout, &data, &runs[0]);
    let experiment =
        Experiment { name: "one".into(), title: "one run".into(), tuned: false, verdict: None, runs };
    sweep(&context, &[Device::Cpu], &experiment, at_once(1), false).unwrap();
    let before = tracks(run.path());
    // The state that a process leaves when it is killed between its last two steps.
    artifacts::atomic::write(&run.checkpoint_path(), "").unwrap();
    sweep(&context, &[Device::Cpu], &experiment, at_once(1), false).unwrap();
    assert_eq!(tracks(run.path()), before);
}

/// A trainer without libtorch can train all but the dense network of a study.
#[cfg(not(feature = "tch"))]
#[test]
fn a_run_that_cannot_be_timed_is_named_and_the_others_are_trained() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let dense = Configuration { rankscale: 0, ..tiny() }.on(artifacts::Backend::Fused);
    let experiment = Experiment {
        name: "two".into(),
        title: "two runs".into(),
        tuned: false,
        verdict: None,
        runs: vec![dense.clone(), tiny()],
    };
    let context = context(&layout, &data, &stop);
    let error = sweep(&context, &[Device::Cpu], &experiment, at_once(1), false).unwrap_err().to_string();
    let name = folder(&layout, &data, &dense).name();
    assert!(error.contains("1 of 2 runs failed") && error.contains(&name), "{error}");
    assert_eq!(folder(&layout, &data, &tiny()).read_record().unwrap().status, Status::Done);
}
