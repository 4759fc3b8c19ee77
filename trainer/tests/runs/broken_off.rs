//! Runs that panic in the middle of libtorch: they are named, and later runs on the same thread are trained.
//! (The tests of `trainer::sweep` cover panics elsewhere, and the memory of such runs.)

use crate::{context, folder, prepare, tiny};
use artifacts::run::Status;
use artifacts::{Backend, Configuration, Experiment, Precision, Recipe};
use network::schedule::LearningRates;
use std::num::NonZeroUsize;
use tch::{Kind, Tensor};
use trainer::engine::torch::training::Training;
use trainer::engine::ways::Ways;
use trainer::machine::contained::contained;
use trainer::machine::device::Device;
use trainer::machine::stop::Stop;
use trainer::run::initialise::initialise;
use trainer::sweep::{Jobs, SideBySide, sweep};

fn experiment(runs: &[&Configuration]) -> Experiment {
    Experiment {
        name: "some".into(),
        title: "some runs".into(),
        tuned: false,
        verdict: None,
        runs: runs.iter().map(|&run| run.clone()).collect(),
    }
}

fn one_by_one() -> SideBySide {
    let one = NonZeroUsize::MIN;
    SideBySide { jobs: Jobs::Exactly(one), per_device: one, threads: Some(1), cores: 1, wait: false }
}

/// Tensors larger than any machine's memory, as views that take none.
fn petabytes() -> (Tensor, Tensor) {
    let cpu = tch::Device::Cpu;
    let images = Tensor::zeros([1, 3, 32, 32], (Kind::Float, cpu)).expand([1 << 40, 3, 32, 32], false);
    (images, Tensor::zeros([1], (Kind::Int64, cpu)).expand([1 << 40], false))
}

#[test]
fn what_libtorch_cannot_allocate_is_said_and_the_thread_keeps_its_gradients() {
    let configuration = Configuration { engine: Backend::Tch, ..tiny() };
    let state = initialise(&configuration.architecture(), 0);
    let mut training =
        Training::new(configuration.architecture(), &state, tch::Device::Cpu, Precision::Float32, Ways::CPU);
    let (images, labels) = petabytes();
    let error = contained(|| training.predict(&images, &labels)).unwrap_err().to_string();
    assert!(error.contains("not enough memory") && error.contains("smaller batch"), "{error}");
    assert!(!error.contains("frame #"), "{error}");

    let few = |tensor: &Tensor| tensor.narrow(0, 0, 4).contiguous();
    let decay = configuration.decay.weight_decay(0.0, &configuration.counts(), 4);
    let before = training.model();
    let rates = LearningRates { factors: 0.1, rest: 0.1 };
    let noise = Tensor::randn([4, 3, 32, 32], (Kind::Float, tch::Device::Cpu));
    let sums = training.step(&noise, &few(&labels), rates, decay);
    assert!(sums.loss.double_value(&[]).is_finite());
    assert_ne!(training.model(), before, "the thread's next step learns");
}

/// The GPU does not exist, which libtorch reports by a panic both when networks are timed and when they are
/// trained.
#[test]
fn a_device_that_fails_ends_no_sweep_without_its_names() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    let run = |seed, engine| Configuration {
        recipe: Recipe { epochs: 1, ..tiny().recipe },
        seed,
        engine,
        ..tiny()
    };
    let (lost, kept) = ([run(0, Backend::Tch), run(1, Backend::Tch)], run(2, Backend::Fused));
    let runs = experiment(&[&lost[0], &kept, &lost[1]]);
    let error = sweep(&context, &[Device::Cuda(99)], &runs, one_by_one(), false).unwrap_err().to_string();
    assert!(error.starts_with("2 of 3 runs failed"), "{error}");
    for run in &lost {
        assert!(error.contains(&run.run_name(&data.fingerprint())), "{error}");
    }
    assert_eq!(folder(&layout, &data, &kept).read_record().unwrap().status, Status::Done);
}
