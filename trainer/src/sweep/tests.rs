use super::*;
use crate::machine::progress::Screen;
use crate::machine::stop::Stop;
use crate::run::context::TrainTest;
use artifacts::Layout;
use artifacts::dataset::{Dataset, Split};
use std::thread;

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may fail")]
fn two_of_five_panic(_: &RunContext<'_>, run: &Configuration) -> anyhow::Result<Outcome> {
    assert!(run.seed.is_multiple_of(2), "seed {} broke off", run.seed);
    Ok(Outcome::Done(0.5))
}

/// Two slots, and memory for one run only: a run that kept its memory would hold up all others, a thread that ended would leave them.
#[test]
fn runs_that_panic_are_named_and_give_their_memory_back() {
    let root = tempfile::tempdir().unwrap();
    let layout = Layout::new(root.path());
    for split in Split::ALL {
        Dataset::generated(10, 1).write(&split.path(&layout)).unwrap();
    }
    let (data, stop, screen) = (TrainTest::read(&layout, true).unwrap(), Stop::default(), Screen::default());
    let context = RunContext {
        layout: &layout,
        data: &data,
        device: Device::Cpu,
        threads: 1,
        stop: &stop,
        screen: &screen,
    };
    let configurations = [0, 1, 2, 3, 4].map(|seed| Configuration { seed, ..Configuration::default() });
    let planned = |configuration| Planned {
        configuration,
        name: Configuration::run_name(configuration, "data"),
        epochs_left: 1,
        expected: Duration::ZERO,
        memory: 60,
    };
    let runs: Vec<_> = configurations.iter().map(planned).collect();
    let mut expected = vec![runs[1].name.clone(), runs[3].name.clone()];
    expected.sort();
    let failures = Mutex::new(Vec::new());
    let slots = [Slot { device: Device::Cpu, threads: 1 }; 2];
    let (done, hears) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let (context, failures) = (&context, &failures);
        scope.spawn(move || {
            let elsewhere =
                train_all(context, &slots, &[(Device::Cpu, 100)], runs, failures, two_of_five_panic);
            done.send(elsewhere.len()).unwrap();
        });
        assert_eq!(hears.recv_timeout(Duration::from_mins(1)), Ok(0));
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    assert_eq!(failures, expected);
}
