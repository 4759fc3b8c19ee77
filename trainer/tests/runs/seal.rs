//! What a sweep seals, and when.

use crate::{context, folder, prepare, tiny};
use artifacts::run::{RunRecord, Status};
use artifacts::seal::Seal;
use artifacts::stamp::FileSums;
use artifacts::{Configuration, Experiment, Recipe};
use std::num::NonZeroUsize;
use trainer::machine::device::Device;
use trainer::machine::stop::Stop;
use trainer::run::session::train;
use trainer::sweep::{Jobs, SideBySide, sweep};

const SIDE_BY_SIDE: SideBySide = SideBySide {
    jobs: Jobs::Exactly(NonZeroUsize::MIN),
    per_device: NonZeroUsize::MIN,
    threads: Some(1),
    cores: 1,
    wait: false,
};

fn experiment(name: &str, seeds: u64) -> Experiment {
    let runs = (0..seeds)
        .map(|seed| Configuration { recipe: Recipe { epochs: 1, ..tiny().recipe }, seed, ..tiny() })
        .collect();
    Experiment { name: name.into(), title: "sealed".into(), tuned: false, verdict: None, runs }
}

#[test]
fn a_plan_is_sealed_once_before_its_first_run() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    let sweep = |experiment: &Experiment, plan_only| {
        sweep(&context, &[Device::Cpu], experiment, SIDE_BY_SIDE, plan_only).unwrap();
        Seal::read(&layout.seal(&experiment.name)).unwrap()
    };

    let first = experiment("first", 2);
    assert_eq!(sweep(&first, true), None, "a look seals nothing");
    let seal = sweep(&first, false).unwrap();
    assert!(seal.holds(&first));
    assert_eq!((seal.runs, seal.runs_before), (2, 0));
    assert_eq!(seal.data_fingerprint, data.fingerprint());

    let grown = experiment("first", 3);
    assert_eq!(sweep(&grown, false), Some(seal.clone()), "the first seal stays");
    assert!(!seal.holds(&grown));

    train(&context, &Configuration { recipe: Recipe { epochs: 1, ..tiny().recipe }, seed: 9, ..tiny() })
        .unwrap();
    // A run that was killed in its first epoch has a record and nothing else.
    let killed = Configuration { recipe: Recipe { epochs: 1, ..tiny().recipe }, seed: 8, ..tiny() };
    let record = folder(&layout, &data, &experiment("first", 1).runs[0]).read_record().unwrap();
    let folder = folder(&layout, &data, &killed);
    fs_err::create_dir_all(folder.path()).unwrap();
    let record = RunRecord {
        name: folder.name(),
        status: Status::Running,
        configuration: killed,
        sealed: Some(FileSums::default()),
        ..record
    };
    folder.write_record(&record).unwrap();
    let late = experiment("late", 10);
    assert_eq!(sweep(&late, false).unwrap().runs_before, 5, "runs that were there before are counted");
}

/// What is written into a seal stays, so it must not be a guess.
#[test]
fn a_plan_is_not_sealed_while_a_run_cannot_be_looked_up() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    let two = experiment("two", 2);
    let place = folder(&layout, &data, &two.runs[0]).path().to_owned();
    fs_err::create_dir_all(layout.runs()).unwrap();
    std::os::unix::fs::symlink(&place, &place).unwrap();
    let sweep = || sweep(&context, &[Device::Cpu], &two, SIDE_BY_SIDE, false);
    let message = format!("{:#}", sweep().unwrap_err());
    assert!(message.contains("cannot be looked up") && message.contains("sealed"), "{message}");
    assert_eq!(Seal::read(&layout.seal("two")).unwrap(), None);
    fs_err::remove_file(place).unwrap();
    sweep().unwrap();
    assert_eq!(Seal::read(&layout.seal("two")).unwrap().unwrap().runs_before, 0);
}
