//! A whole experiment: what it will run, how long it expects to take, and then the runs, side by side.
//!
//! *Invariant:* a finished run is never trained again; one run's failure does not stop the others, but the sweep ends
//! with an error that names it.

mod plan;
mod slots;
mod summary;

pub use slots::{InvalidJobs, Jobs, SideBySide};

use crate::device::Device;
use crate::lock::Lock;
use crate::memory;
use crate::provenance::circumstances;
use crate::session::{Outcome, train};
use crate::workplace::Workplace;
use anyhow::{bail, ensure};
use artifacts::Experiment;
use artifacts::run::RunFolder;
use artifacts::seal::Seal;
use plan::Planned;
use slots::{Queue, Slot};
use std::sync::{Mutex, PoisonError};

/// Runs what is left of an experiment: seed by seed, longest first, as many side by side as asked for and as memory
/// allows. With `plan_only`, says what it would do.
///
/// # Errors
/// More images asked for than there are; a run that failed, or does not fit into memory: the sweep goes on with the others first.
pub fn sweep(
    workplace: &Workplace<'_>,
    devices: &[Device],
    experiment: &Experiment,
    side_by_side: SideBySide,
    plan_only: bool,
) -> anyhow::Result<Option<u8>> {
    has_images(workplace, experiment)?;
    experiment.write_plan(&workplace.layout.plan())?;
    let left = plan::left(workplace, experiment);
    let slots = side_by_side.slots(devices, left.len());
    let Some(planned) = plan::in_order(&workplace.at(slots[0]), left)? else {
        return Ok(workplace.stop.requested());
    };
    let free: Vec<_> = devices.iter().map(|&device| (device, memory::free(device))).collect();
    print_plan(workplace, experiment, &planned, &slots, &free);
    if plan_only || workplace.stop.requested().is_some() {
        return Ok(workplace.stop.requested());
    }
    seal(workplace, experiment)?;
    tidy(workplace, experiment);
    let runs = planned.len();
    let expected = planned.iter().map(|run| (run.name.clone(), run.expected.as_secs_f64())).collect();
    workplace.screen.begin(expected);
    let (queue, failures) = (Queue::new(planned, free), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for &slot in &slots {
            let (queue, failures) = (&queue, &failures);
            scope.spawn(move || {
                while workplace.stop.requested().is_none()
                    && let Some((run, fits)) = queue.next(slot.device)
                {
                    let fitted = fits.is_ok();
                    let outcome = fits
                        .map_err(anyhow::Error::from)
                        .and_then(|()| train(&workplace.at(slot), run.configuration));
                    if fitted {
                        queue.ended(slot.device, &run);
                    }
                    match &outcome {
                        Ok(Outcome::Interrupted(_)) => queue.close(),
                        Ok(_) => workplace.screen.report(&run.name, 1.0),
                        Err(_) => {
                            failures.lock().unwrap_or_else(PoisonError::into_inner).push(run.name.clone());
                        }
                    }
                    say(workplace, &run, outcome);
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !failures.is_empty() {
        bail!("{} of {runs} runs failed: {}", failures.len(), summary::names(&failures));
    }
    Ok(workplace.stop.requested())
}

/// Whether the data set has the images of every run.
fn has_images(workplace: &Workplace<'_>, experiment: &Experiment) -> anyhow::Result<()> {
    let (train, test) = (workplace.data.train.len(), workplace.data.test.len());
    for run in &experiment.runs {
        for (key, asked, found) in
            [("train_images", run.train_images, train), ("test_images", run.test_images, test)]
        {
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
fn tidy(workplace: &Workplace<'_>, experiment: &Experiment) {
    let fingerprint = workplace.data.fingerprint();
    for run in &experiment.runs {
        let folder = RunFolder::new(workplace.layout.run(&run.run_name(&fingerprint)));
        if folder.record_path().exists() {
            // A folder of somebody else's may be read only.
            let _ = Lock::tidy(&folder);
        }
    }
}

/// Seals the plan before its first run; says so where it is no longer the plan that was sealed.
fn seal(workplace: &Workplace<'_>, experiment: &Experiment) -> anyhow::Result<()> {
    let path = workplace.layout.seal(&experiment.name);
    let seal = Seal::of(experiment, &workplace.data.fingerprint(), circumstances()).write_once(&path)?;
    if !seal.holds(experiment) {
        workplace.screen.say(&format!(
            "{} holds another plan than {} has now: its result will be exploratory",
            path.display(),
            experiment.name
        ));
    }
    Ok(())
}

impl<'a> Workplace<'a> {
    fn at(&self, slot: Slot) -> Workplace<'a> {
        Workplace { device: slot.device, threads: slot.threads, ..*self }
    }
}

fn say(workplace: &Workplace<'_>, run: &Planned<'_>, outcome: anyhow::Result<Outcome>) {
    let what = match outcome {
        Ok(Outcome::Done(accuracy)) => format!("done, test accuracy {:.2} %", accuracy * 100.0),
        Ok(Outcome::Diverged(epoch)) => format!("diverged in epoch {epoch}"),
        Ok(Outcome::Interrupted(epoch)) => {
            format!("stopped; {epoch} epochs are saved, and the same command goes on from there")
        }
        Ok(Outcome::Elsewhere) => "another process is training it".to_owned(),
        Err(error) => format!("failed: {error:#}"),
    };
    workplace.screen.say(&format!("{}: {what}{}", run.name, workplace.screen.sweep()));
}

fn print_plan(
    workplace: &Workplace<'_>,
    experiment: &Experiment,
    planned: &[Planned<'_>],
    slots: &[Slot],
    free: &[(Device, u64)],
) {
    let say = |line: String| workplace.screen.say(&line);
    say(format!("experiment {}: {}", experiment.name, experiment.title));
    say(summary::heading(experiment.runs.len(), planned, slots, free));
    let known = free.iter().filter(|(_, free)| *free < u64::MAX);
    for (device, free) in known {
        say(format!("{device}: {} MiB of memory free; a run waits until it fits", free >> 20));
    }
    summary::lines(planned).into_iter().for_each(say);
    say(format!("results go to {}", workplace.layout.runs().display()));
}
