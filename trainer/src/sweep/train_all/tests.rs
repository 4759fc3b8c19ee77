use super::*;
use crate::machine::progress::Screen;
use crate::machine::stop::Stop;
use crate::run::context::TrainTest;
use artifacts::Layout;
use artifacts::dataset::{Dataset, Split, Task};
use std::thread;
use std::time::Duration;

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may fail")]
fn two_of_five_panic(_: &RunContext<'_>, run: &Configuration) -> anyhow::Result<Outcome> {
    assert!(run.seed.is_multiple_of(2), "seed {} broke off", run.seed);
    Ok(Outcome::Done(0.5))
}

/// Trains runs of seeds from 0 on in these slots, and returns the names of all runs and of those that failed,
/// in order; fails if the sweep hangs.
fn failures_of(seeds: u64, slots: &[Slot], train: Train) -> (Vec<String>, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    let layout = Layout::new(root.path());
    for split in Split::ALL {
        Dataset::generated(Task::Cifar10, 10, 1).write(&layout.images(Task::Cifar10, split)).unwrap();
    }
    let (data, stop, screen) =
        (TrainTest::read(&layout, Task::Cifar10, true).unwrap(), Stop::default(), Screen::default());
    let context = RunContext {
        layout: &layout,
        data: &data,
        device: Device::Cpu,
        threads: 1,
        stop: &stop,
        screen: &screen,
    };
    let configurations: Vec<_> =
        (0..seeds).map(|seed| Configuration { seed, ..Configuration::default() }).collect();
    let planned = |configuration| Planned {
        configuration,
        name: Configuration::run_name(configuration, "data"),
        epochs_left: 1,
        expected: Duration::ZERO,
        memory: 60,
    };
    let runs: Vec<_> = configurations.iter().map(planned).collect();
    let names = runs.iter().map(|run| run.name.clone()).collect();
    // Each device has memory for one run only.
    let free: Vec<_> = slots.iter().map(|slot| (slot.device, 100)).collect();
    let failures = Failures::default();
    let (done, hears) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let (context, failures, free) = (&context, &failures, &free);
        scope.spawn(move || {
            let elsewhere = train_all(context, slots, free, runs, failures, train);
            done.send(elsewhere.len()).unwrap();
        });
        assert_eq!(hears.recv_timeout(Duration::from_mins(1)), Ok(0));
    });
    let Failed { names: mut failures, logged } = failures.into_inner();
    failures.sort();
    let tried = failures.iter().filter(|name| !name.ends_with("(not tried)"));
    let log = fs::read_to_string(layout.failures()).unwrap_or_default();
    let mut kept: Vec<&str> =
        log.lines().filter_map(|line| Some(line.split_once(": failed: it broke off")?.0)).collect();
    kept.sort_unstable();
    assert_eq!(kept, tried.collect::<Vec<_>>(), "{log}");
    assert_eq!(logged, !kept.is_empty());
    (names, failures)
}

/// A run that kept its memory would block all others, and a thread that ended would abandon them.
#[test]
fn runs_that_panic_are_named_and_give_their_memory_back() {
    let slots = [Slot { device: Device::Cpu, threads: 1 }; 2];
    let (names, failures) = failures_of(5, &slots, two_of_five_panic);
    let mut expected = vec![names[1].clone(), names[3].clone()];
    expected.sort();
    assert_eq!(failures, expected);
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may fail")]
fn one_device_fails(context: &RunContext<'_>, _: &Configuration) -> anyhow::Result<Outcome> {
    assert_ne!(context.device, Device::Cuda(7), "this device fails");
    // The working device is slower than one that fails at once.
    thread::sleep(Duration::from_millis(50));
    Ok(Outcome::Done(0.5))
}

/// The failing device would otherwise take almost all runs before the other has trained one.
#[test]
fn a_device_that_fails_at_once_does_not_use_up_the_runs() {
    let (bad, good) =
        (Slot { device: Device::Cuda(7), threads: 1 }, Slot { device: Device::Cuda(8), threads: 1 });
    let (_, failures) = failures_of(20, &[bad, good], one_device_fails);
    assert_eq!(failures.len(), 3, "{failures:?}");

    let (names, failures) = failures_of(20, &[bad], one_device_fails);
    let untried = failures.iter().filter(|name| name.ends_with(" (not tried)")).count();
    assert_eq!((failures.len(), untried), (names.len(), 17));
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may fail")]
fn the_first_is_stopped(context: &RunContext<'_>, run: &Configuration) -> anyhow::Result<Outcome> {
    assert!(!context.stop.is_requested(), "seed {} began after the stop", run.seed);
    // By then the other slot waits for the memory of this run.
    thread::sleep(Duration::from_millis(100));
    context.stop.request();
    // It ends just as the stop comes, so that nothing but the other slots themselves holds them back.
    Ok(Outcome::Done(0.5))
}

#[test]
fn a_slot_that_waits_for_memory_begins_nothing_after_a_stop() {
    let slots = [Slot { device: Device::Cpu, threads: 1 }; 3];
    assert_eq!(failures_of(5, &slots, the_first_is_stopped).1, [""; 0]);
}
