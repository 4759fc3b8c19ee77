//! What a sweep seals, and when.

use crate::{context, prepare, tiny};
use artifacts::seal::Seal;
use artifacts::{Configuration, Experiment, Recipe};
use std::num::NonZeroUsize;
use trainer::machine::device::Device;
use trainer::machine::stop::Stop;
use trainer::run::session::train;
use trainer::sweep::{Jobs, SideBySide, sweep};

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
    let one = NonZeroUsize::MIN;
    let side_by_side =
        SideBySide { jobs: Jobs::Exactly(one), per_device: one, threads: Some(1), cores: 1, wait: false };
    let sweep = |experiment: &Experiment, plan_only| {
        sweep(&context, &[Device::Cpu], experiment, side_by_side, plan_only).unwrap();
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
    let late = experiment("late", 10);
    assert_eq!(sweep(&late, false).unwrap().runs_before, 4, "runs that were there before are counted");
}
