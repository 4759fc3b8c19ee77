//! A whole experiment: what is left to run, how long it will take, and then the runs themselves, side by
//! side.
//!
//! The order is: which runs are left, which of them fit into memory, how long they take, and only then files
//! and networks.
//!
//! `plan` lists the runs that are left, [`estimate`] times them, `slots` assigns runs to devices, [`outlook`]
//! combines these and `summary` describes them; `train_all` trains, [`slurm`] ends a job, and [`standing`]
//! reports the progress of every run, whichever process trains it. This module imports `run`, `engine`,
//! `data` and `machine`.
//!
//! *Invariant:* a finished run is never trained again. The failure or panic of one run does not stop the
//! others, but the sweep ends with an error that names it; the exit code is 0 only if every run has ended.

pub mod estimate;
pub mod outlook;
mod plan;
mod slots;
pub mod slurm;
pub mod standing;
mod summary;
mod train_all;

pub use slots::{Jobs, MOST_PER_GPU, SideBySide};

use crate::engine::memory;
use crate::machine::contained::contained;
use crate::machine::device::Device;
use crate::run::context::RunContext;
use crate::run::lock::{Lock, waiting};
use crate::run::provenance::circumstances;
use crate::run::session::{Outcome, train};
use anyhow::bail;
use artifacts::reading::is_there;
use artifacts::run::RunFolder;
use artifacts::seal::Seal;
use artifacts::{Configuration, Experiment, atomic};
use outlook::Prepared;
use plan::Planned;
use std::io;
use std::mem;
use std::time::{Duration, Instant};
use train_all::{Failed, Failures, train_all};

/// The exit code of a sweep or a run when another process is training it: a temporary failure, `EX_TEMPFAIL`
/// of `sysexits.h`.
pub const ELSEWHERE: u8 = 75;

/// Intervals between checks of runs that other processes train, and between checks for a request to stop
/// meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const HEARD_EVERY: Duration = Duration::from_millis(100);

/// Runs what is left of an experiment: seed by seed, longest run first, as many side by side as requested and
/// as memory allows. With `plan_only`, says what it would do and writes nothing.
///
/// A run that does not fit into any device by itself is named before anything is trained and before the
/// others are timed; the others go on.
///
/// Returns the exit code of a sweep that was asked to stop, or [`ELSEWHERE`] if other processes train some of
/// the runs, which it names.
///
/// # Errors
/// More images are asked for than there are; or a run failed or does not fit into memory, in which case the
/// other runs are trained first.
pub fn sweep(
    context: &RunContext<'_>,
    devices: &[Device],
    experiment: &Experiment,
    side_by_side: SideBySide,
    plan_only: bool,
) -> anyhow::Result<Option<u8>> {
    let Some(prepared) = Prepared::new(context, devices, experiment, side_by_side)? else {
        return Ok(context.stop.exit_code());
    };
    prepared.say(context, experiment);
    if plan_only || context.stop.is_requested() {
        return Ok(context.stop.exit_code());
    }
    let at_once = prepared.at_once();
    let Prepared { planned, refused, slots, free, begun, unseen, .. } = prepared;
    if !planned.is_empty() || refused.is_empty() {
        experiment.write_plans(context.layout)?;
        seal(context, experiment, begun, unseen)?;
        tidy(context, experiment);
    }
    let runs = planned.len() + refused.len();
    let expected = planned.iter().map(|run| (run.name.clone(), run.expected.as_secs_f64())).collect();
    context.screen.begin(expected, summary::until_all_ended(&planned, at_once));
    let too_large =
        refused.into_iter().map(|(run, _)| format!("{} (too large for the memory here)", run.name));
    let failures = Failures::default();
    failures.add(too_large);
    let train_these = |runs| train_all(context, &slots, &free, runs, &failures, train);
    let mut elsewhere = train_until_none_is_free(context, side_by_side.wait, planned, train_these);
    // Another process may have finished some of them since.
    elsewhere.retain(|run| plan::is_left(context, run.configuration));
    if !elsewhere.is_empty() {
        context.screen.say(&format!(
            "{} of {runs} runs are under way in other processes: {}; --wait waits for them and takes up what they leave",
            elsewhere.len(),
            summary::names(&names(&elsewhere))
        ));
    }
    let Failed { names, logged } = failures.into_inner();
    if !names.is_empty() {
        let kept = context.layout.failures();
        let reasons = if logged { format!("; reasons are in {}", kept.display()) } else { String::new() };
        bail!("{} of {runs} runs failed: {}{reasons}", names.len(), summary::names(&names));
    }
    Ok(context.stop.exit_code().or((!elsewhere.is_empty()).then_some(ELSEWHERE)))
}

/// Trains runs, and takes up those that other processes leave, until none is free; if it is to `wait`, until
/// none is left. Returns those that other processes still train.
fn train_until_none_is_free<'a>(
    context: &RunContext<'_>,
    wait: bool,
    planned: Vec<Planned<'a>>,
    train_these: impl Fn(Vec<Planned<'a>>) -> Vec<Planned<'a>>,
) -> Vec<Planned<'a>> {
    let mut elsewhere = train_these(planned);
    if wait && !elsewhere.is_empty() {
        let names = summary::names(&names(&elsewhere));
        context.screen.say(&format!("waiting for what other processes train: {names}"));
        while !elsewhere.is_empty() && pause(context) {
            elsewhere = train_these(elsewhere);
        }
    }
    // Before it returns it checks again until no run is free, because a process that trained one may have
    // died since.
    let mut before = usize::MAX;
    let mut told = false;
    let mut any_may_be_free = |runs: &[Planned<'_>]| {
        let free = runs.iter().filter(|run| Lock::is_unknown(&context.folder(run.configuration))).count();
        if free > 0 && !mem::replace(&mut told, true) {
            context.screen.say(&waiting(free));
        }
        free > 0
    };
    while !context.stop.is_requested()
        && ((1..before).contains(&elsewhere.len()) || any_may_be_free(&elsewhere) && pause(context))
    {
        before = elsewhere.len();
        elsewhere = train_these(elsewhere);
    }
    elsewhere
}

/// Waits before the next check of runs that others train; returns false if the user asked to stop.
fn pause(context: &RunContext<'_>) -> bool {
    let start = Instant::now();
    while !context.stop.is_requested() && start.elapsed() < LOOK_EVERY {
        std::thread::sleep(HEARD_EVERY);
    }
    !context.stop.is_requested()
}

fn names(runs: &[Planned<'_>]) -> Vec<String> {
    runs.iter().map(|run| run.name.clone()).collect()
}

/// Trains one run, as [`train`] does, if it fits into the memory that is free now.
///
/// # Errors
/// It does not fit, and nothing was written; or those of [`train`].
pub fn single(context: &RunContext<'_>, configuration: &Configuration) -> anyhow::Result<Outcome> {
    if plan::is_left(context, configuration) {
        memory::check(configuration, context.device, context.threads)?;
    }
    let mut told = false;
    loop {
        let outcome = contained(|| train(context, configuration))??;
        if outcome != Outcome::Elsewhere || !Lock::is_unknown(&context.folder(configuration)) {
            return Ok(outcome);
        }
        if !mem::replace(&mut told, true) {
            context.screen.say(&waiting(1));
        }
        if !pause(context) {
            return Ok(outcome);
        }
    }
}

/// Removes what killed processes left in finished runs; other runs are cleaned up when they are trained.
fn tidy(context: &RunContext<'_>, experiment: &Experiment) {
    for run in &experiment.runs {
        let folder = context.folder(run);
        // Another user's folder may be read-only.
        let _ = Lock::tidy(&folder).and_then(|()| drop_checkpoint(&folder));
    }
}

/// Removes the checkpoint of a run that has ended, which a process that was killed in its last moment leaves.
fn drop_checkpoint(folder: &RunFolder) -> io::Result<()> {
    let has_ended = || folder.read().is_ok_and(|(record, _)| record.status.has_ended());
    if is_there(&folder.checkpoint_path())?
        && let Some(_held) = Lock::take(folder)?
        && has_ended()
    {
        atomic::remove(&folder.checkpoint_path())?;
    }
    Ok(())
}

/// Seals the plan before its first run, and says so if the plan differs from the one that was sealed.
fn seal(
    context: &RunContext<'_>,
    experiment: &Experiment,
    runs_before: usize,
    unseen: Option<String>,
) -> anyhow::Result<()> {
    let path = context.layout.seal(&experiment.name);
    if let Some(reason) = unseen
        && Seal::read(&path)?.is_none()
    {
        bail!(
            "{reason}; the plan is sealed, and training begins, when it is known which runs had begun before"
        );
    }
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
