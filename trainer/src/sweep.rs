//! A whole experiment: what it will run, how long it expects to take, and then the runs, side by side.
//!
//! The order is: what is left, what of it fits into memory, how long that takes, and only then files and networks.
//!
//! `plan` lists what is left, [`estimate`] times it, `slots` says what runs beside what, `train_all` trains, `summary` puts the plan into words. This room
//! imports `run`, `engine`, `data` and `machine`.
//!
//! *Invariant:* a finished run is never trained again; one run's failure, a panic too, does not stop the others, but the sweep ends
//! with an error that names it; it ends with 0 only when every run has ended.

pub mod estimate;
mod plan;
mod slots;
mod summary;
mod train_all;

pub use slots::{InvalidJobs, Jobs, SideBySide};

use crate::engine::memory;
use crate::machine::contained::contained;
use crate::machine::device::Device;
use crate::machine::memory::free;
use crate::run::context::RunContext;
use crate::run::lock::Lock;
use crate::run::provenance::circumstances;
use crate::run::session::{Outcome, train};
use anyhow::{bail, ensure};
use artifacts::run::{RunFolder, Status};
use artifacts::seal::Seal;
use artifacts::{Configuration, Experiment, atomic};
use plan::Planned;
use slots::Slot;
use std::cmp::Reverse;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use train_all::train_all;

/// What a sweep, or one run, ends with where another process is at work on it: as `EX_TEMPFAIL` of `sysexits.h`, what passes by itself.
pub const ELSEWHERE: u8 = 75;

/// Between two looks at runs that other processes train, and at the wish to stop meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const HEARD_EVERY: Duration = Duration::from_millis(100);

/// Runs what is left of an experiment: seed by seed, longest first, as many side by side as asked for and as memory
/// allows. With `plan_only`, says what it would do and writes nothing.
///
/// A run that does not fit into any device alone is named before anything is trained, and before the others are timed; they go on.
///
/// Returns the exit code of a sweep that was asked to stop, or [`ELSEWHERE`] where other processes train some of the runs, which it names.
///
/// # Errors
/// More images asked for than there are; a run that failed, or does not fit into memory: the sweep goes on with the others first.
pub fn sweep(
    context: &RunContext<'_>,
    devices: &[Device],
    experiment: &Experiment,
    side_by_side: SideBySide,
    plan_only: bool,
) -> anyhow::Result<Option<u8>> {
    let mut free: Vec<_> = devices.iter().map(|&device| (device, free(device))).collect();
    let plan::Left { runs: mut left, diverged } = plan::left(context, experiment);
    let untouched = left.iter().filter(|run| run.epochs_left == run.configuration.epochs).count();
    let threads = side_by_side.slots(devices, left.len())[0].threads;
    for run in &mut left {
        run.memory = memory::of_run(run.configuration, devices[0], threads);
    }
    let (fitting, refused) = plan::fitting(left, &free);
    has_images(context, &fitting)?;
    // The device with most memory has the first slot: what fits at all can be timed and trained there.
    free.sort_by_key(|(_, free)| Reverse(free.bytes));
    let devices: Vec<_> = free.iter().map(|(device, _)| *device).collect();
    let free: Vec<_> = free.into_iter().map(|(device, free)| (device, free.bytes)).collect();
    let slots = side_by_side.slots(&devices, fitting.len());
    let Some(planned) = plan::in_order(&context.at(slots[0]), fitting)? else {
        return Ok(context.stop.requested());
    };
    print_plan(context, experiment, &planned, (refused.len(), &diverged), &slots, &free);
    let unusable = plan::unusable(context, experiment).into_iter();
    let unusable = unusable.map(|(name, reason)| format!("  {name} cannot be used as it is: {reason}"));
    let too_large =
        refused.iter().map(|(run, reason)| format!("  {} cannot be trained here: {reason}", run.name));
    for line in summary::shortened(unusable).into_iter().chain(summary::shortened(too_large)) {
        context.screen.say(&line);
    }
    if plan_only || context.stop.requested().is_some() {
        return Ok(context.stop.requested());
    }
    if !planned.is_empty() || refused.is_empty() {
        experiment.write_plans(context.layout)?;
        seal(context, experiment, experiment.runs.len() - untouched)?;
        tidy(context, experiment);
    }
    let runs = planned.len() + refused.len();
    let expected = planned.iter().map(|run| (run.name.clone(), run.expected.as_secs_f64())).collect();
    context.screen.begin(expected, summary::until_all_ended(&planned, &slots));
    let refused: Vec<_> =
        refused.into_iter().map(|(run, _)| format!("{} (too large for the memory here)", run.name)).collect();
    let failures = Mutex::new(refused);
    let mut elsewhere = train_all(context, &slots, &free, planned, &failures, train);
    if side_by_side.wait && !elsewhere.is_empty() {
        let names = summary::names(&names(&elsewhere));
        context.screen.say(&format!("waiting for what other processes train: {names}"));
        while !elsewhere.is_empty() && pause(context) {
            elsewhere = train_all(context, &slots, &free, elsewhere, &failures, train);
        }
    }
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Another process may have finished some of them since.
    elsewhere.retain(|run| plan::is_left(context, run.configuration));
    if !elsewhere.is_empty() {
        context.screen.say(&format!(
            "{} of {runs} runs are under way in other processes: {}; --wait waits for them and takes up what they leave",
            elsewhere.len(),
            summary::names(&names(&elsewhere))
        ));
    }
    if !failures.is_empty() {
        bail!("{} of {runs} runs failed: {}", failures.len(), summary::names(&failures));
    }
    Ok(context.stop.requested().or((!elsewhere.is_empty()).then_some(ELSEWHERE)))
}

/// Waits before the next look at what others train; false where the user asked to stop.
fn pause(context: &RunContext<'_>) -> bool {
    let start = Instant::now();
    while context.stop.requested().is_none() && start.elapsed() < LOOK_EVERY {
        std::thread::sleep(HEARD_EVERY);
    }
    context.stop.requested().is_none()
}

fn names(runs: &[Planned<'_>]) -> Vec<String> {
    runs.iter().map(|run| run.name.clone()).collect()
}

/// Trains one run, as [`train`], if it fits into memory as it is now.
///
/// # Errors
/// It does not fit, and nothing was written; or as [`train`].
pub fn single(context: &RunContext<'_>, configuration: &Configuration) -> anyhow::Result<Outcome> {
    if plan::is_left(context, configuration) {
        memory::check(configuration, context.device, context.threads)?;
    }
    contained(|| train(context, configuration))?
}

/// Whether the data set has the images of every one of these runs.
fn has_images(context: &RunContext<'_>, planned: &[Planned<'_>]) -> anyhow::Result<()> {
    let all = context.data.train.len();
    for run in planned.iter().map(|planned| planned.configuration) {
        let (train, test) = context.data.most(run);
        for (key, asked, found) in [
            ("validation_images", run.validation_images, all.saturating_sub(run.batch)),
            ("train_images", run.train_images, train),
            ("test_images", run.test_images, test),
        ] {
            let asked = asked.unwrap_or(0);
            ensure!(asked <= found, "{key} {asked}: must be at most {found}, the images there are");
        }
        ensure!(
            run.batch <= train,
            "batch {}: must be at most {train}, the training images there are",
            run.batch
        );
    }
    Ok(())
}

/// Removes what killed processes left in finished runs; the others are tidied when they are trained.
fn tidy(context: &RunContext<'_>, experiment: &Experiment) {
    let fingerprint = context.data.fingerprint();
    for run in &experiment.runs {
        let folder = RunFolder::new(context.layout.run(&run.run_name(&fingerprint)));
        if folder.record_path().exists() {
            // A folder of somebody else's may be read only.
            let _ = Lock::tidy(&folder).and_then(|()| drop_checkpoint(&folder));
        }
    }
}

/// Removes the checkpoint of a run that has ended: a process that was killed in its last moment leaves it.
fn drop_checkpoint(folder: &RunFolder) -> io::Result<()> {
    let has_ended =
        || folder.read().is_ok_and(|(record, _)| matches!(record.status, Status::Done | Status::Diverged));
    if folder.checkpoint_path().exists()
        && let Some(_held) = Lock::take(folder)?
        && has_ended()
    {
        atomic::remove(&folder.checkpoint_path())?;
    }
    Ok(())
}

/// Seals the plan before its first run; says so where it is no longer the plan that was sealed.
fn seal(context: &RunContext<'_>, experiment: &Experiment, runs_before: usize) -> anyhow::Result<()> {
    let path = context.layout.seal(&experiment.name);
    let seal =
        Seal::of(experiment, runs_before, &context.data.fingerprint(), circumstances()).write_once(&path)?;
    if !seal.holds(experiment) {
        context.screen.say(&format!(
            "{} holds another plan than {} has now: its result will be exploratory",
            path.display(),
            experiment.name
        ));
    }
    Ok(())
}

fn print_plan(
    context: &RunContext<'_>,
    experiment: &Experiment,
    planned: &[Planned<'_>],
    (refused, diverged): (usize, &[String]),
    slots: &[Slot],
    free: &[(Device, u64)],
) {
    let say = |line: String| context.screen.say(&line);
    say(format!("experiment {}: {}", experiment.name, experiment.title));
    say(summary::heading(experiment.runs.len(), refused, diverged, planned, slots, free));
    let known = free.iter().filter(|(_, free)| *free < u64::MAX);
    for (device, free) in known {
        say(format!("{device}: {} MiB of memory free; a run waits until it fits", free >> 20));
    }
    summary::lines(planned).into_iter().for_each(say);
    say(format!("results go to {}", context.layout.runs().display()));
}
