//! What a sweep would do on this machine: which runs, on which devices, in parallel with what, and for how
//! long.

use super::plan::{self, Planned, Refused};
use super::slots::{SideBySide, Slot};
use super::summary;
use crate::engine::memory;
use crate::machine::device::Device;
use crate::machine::memory::free;
use crate::run::context::RunContext;
use anyhow::ensure;
use artifacts::Experiment;
use serde::Serialize;
use std::cmp::Reverse;
use std::time::Duration;

/// The numbers of a sweep's plan, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outlook {
    /// Runs of the experiment.
    pub runs: usize,
    /// Runs to be trained, including those that do not fit into memory here.
    pub left: usize,
    /// Expected seconds of all runs that fit, one after the other.
    pub seconds: f64,
    /// Expected seconds of the longest run.
    pub longest_seconds: f64,
}

/// What a sweep knows before it trains.
pub(super) struct Prepared<'a> {
    pub(super) planned: Vec<Planned<'a>>,
    pub(super) refused: Vec<Refused<'a>>,
    diverged: Vec<String>,
    unusable: Vec<(String, String)>,
    pub(super) slots: Vec<Slot>,
    pub(super) free: Vec<(Device, u64)>,
    /// The number of runs that are done or begun.
    pub(super) begun: usize,
    /// The reason why it is not known whether some run has begun.
    pub(super) unseen: Option<String>,
    cores: usize,
}

/// Returns no more slots than runs that fit into memory side by side, and the runs with the memory that each
/// then needs: fewer runs have more threads each, and every thread has buffers of its own.
fn as_memory_allows<'a>(
    side_by_side: &SideBySide,
    free: &[(Device, u64)],
    runs: Vec<Planned<'a>>,
) -> (Vec<Slot>, Vec<Planned<'a>>) {
    let devices: Vec<_> = free.iter().map(|(device, _)| *device).collect();
    let smallest = runs.iter().map(|run| run.memory).min().unwrap_or(1).max(1);
    let side_by_side_fit = |bytes: u64| usize::try_from(bytes / smallest).unwrap_or(usize::MAX);
    let fit = free.iter().map(|(_, bytes)| side_by_side_fit(*bytes)).fold(0, usize::saturating_add);
    let slots = side_by_side.slots(&devices, runs.len().min(fit.max(1)));
    let most = free.iter().map(|(_, bytes)| *bytes).max().unwrap_or(u64::MAX);
    let needed = |run: &Planned<'_>| memory::of_run(run.configuration, slots[0].device, slots[0].threads);
    if runs.iter().any(|run| needed(run) > most) {
        let mut slots = side_by_side.slots(&devices, runs.len());
        slots.truncate(fit.max(1));
        return (slots, runs);
    }
    let with = runs.into_iter().map(|run| Planned { memory: needed(&run), ..run }).collect();
    (slots, with)
}

/// Computes what a sweep would do on this machine; `None` if the user asked to stop.
///
/// # Errors
/// More images are asked for than there are.
pub fn outlook(
    context: &RunContext<'_>,
    devices: &[Device],
    experiment: &Experiment,
    side_by_side: SideBySide,
) -> anyhow::Result<Option<Outlook>> {
    let Some(prepared) = Prepared::new(context, devices, experiment, side_by_side)? else { return Ok(None) };
    let seconds = prepared.planned.iter().map(|run| run.expected.as_secs_f64());
    Ok(Some(Outlook {
        runs: experiment.runs.len(),
        left: prepared.planned.len() + prepared.refused.len(),
        seconds: seconds.clone().sum(),
        longest_seconds: seconds.fold(Duration::ZERO.as_secs_f64(), f64::max),
    }))
}

impl<'a> Prepared<'a> {
    /// Inspects the folders, the memory and the images, and times some updates; `None` if the user asked to
    /// stop.
    pub(super) fn new(
        context: &RunContext<'_>,
        devices: &[Device],
        experiment: &'a Experiment,
        side_by_side: SideBySide,
    ) -> anyhow::Result<Option<Self>> {
        let mut free: Vec<_> = devices.iter().map(|&device| (device, free(device))).collect();
        let plan::Left { runs: mut left, diverged, unusable, begun, unseen } =
            plan::left(context, experiment);
        let threads = side_by_side.slots(devices, left.len())[0].threads;
        for run in &mut left {
            run.memory = memory::of_run(run.configuration, devices[0], threads);
        }
        let (fitting, refused) = plan::fitting(left, &free);
        has_images(context, &fitting)?;
        // The device with the most memory has the first slot, so that any run that fits at all can be timed
        // and trained there.
        free.sort_by_key(|(_, free)| Reverse(free.bytes));
        let free: Vec<_> = free.into_iter().map(|(device, free)| (device, free.bytes)).collect();
        let (slots, fitting) = as_memory_allows(&side_by_side, &free, fitting);
        let planned = plan::in_order(&context.at(slots[0]), fitting);
        let cores = side_by_side.cores;
        Ok(planned.map(|planned| Self {
            planned,
            refused,
            diverged,
            unusable,
            slots,
            free,
            begun,
            unseen,
            cores,
        }))
    }

    /// Returns how many runs are trained at once without slowing each other down.
    pub(super) fn at_once(&self) -> usize {
        summary::at_once(&self.slots, self.cores)
    }

    /// Prints the plan in lines, and the runs that cannot be trained.
    pub(super) fn say(&self, context: &RunContext<'_>, experiment: &Experiment) {
        let at_once = self.at_once();
        let Self { planned, refused, diverged, slots, free, .. } = self;
        let say = |line: String| context.screen.say(&line);
        say(format!("experiment {}: {}", experiment.name, experiment.title));
        say(summary::heading(experiment.runs.len(), refused.len(), diverged, planned, slots, at_once));
        let known = free.iter().filter(|(_, free)| *free < u64::MAX);
        for (device, free) in known {
            say(format!("{device}: {} MiB of memory free; a run waits until it fits", free >> 20));
        }
        summary::lines(planned).into_iter().for_each(say);
        say(format!("results go to {}", context.layout.runs().display()));
        let unusable =
            self.unusable.iter().map(|(name, reason)| format!("  {name} cannot be used as it is: {reason}"));
        let too_large =
            refused.iter().map(|(run, reason)| format!("  {} cannot be trained here: {reason}", run.name));
        summary::shortened(unusable).into_iter().chain(summary::shortened(too_large)).for_each(say);
    }
}

/// Checks that the data set has enough images for each of these runs.
fn has_images(context: &RunContext<'_>, planned: &[Planned<'_>]) -> anyhow::Result<()> {
    let all = context.data.train.len();
    for run in planned.iter().map(|planned| planned.configuration) {
        let (train, test) = context.data.most(run);
        for (key, asked, found) in [
            ("validation_images", run.recipe.validation_images, all.saturating_sub(run.recipe.batch)),
            ("train_images", run.recipe.train_images, train),
            ("test_images", run.recipe.test_images, test),
        ] {
            let asked = asked.unwrap_or(0);
            ensure!(asked <= found, "{key} {asked}: must be at most {found}, the images there are");
        }
        ensure!(
            run.recipe.batch <= train,
            "batch {}: must be at most {train}, the training images there are",
            run.recipe.batch
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::slots::Jobs;
    use artifacts::{Backend, Configuration};
    use std::num::NonZeroUsize;

    #[test]
    fn no_more_runs_are_promised_than_fit_and_they_share_the_cores() {
        let configurations: Vec<Configuration> = (0..40)
            .map(|seed| Configuration { rankscale: 2, seed, ..Configuration::default() }.on(Backend::Fused))
            .collect();
        let side_by_side = SideBySide {
            jobs: Jobs::Auto,
            per_device: NonZeroUsize::MIN,
            threads: None,
            cores: 16,
            wait: false,
        };
        let needs = |threads| memory::of_run(&configurations[0], Device::Cpu, threads);
        let planned = |configuration| Planned {
            configuration,
            name: String::new(),
            epochs_left: 1,
            expected: Duration::ZERO,
            memory: needs(1),
        };
        let of = |bytes: u64| {
            let runs = configurations.iter().map(planned).collect();
            let (slots, runs) = as_memory_allows(&side_by_side, &[(Device::Cpu, bytes)], runs);
            (slots.len(), slots[0].threads, runs[0].memory)
        };
        assert_eq!(of(u64::MAX), (16, 1, needs(1)));
        assert_eq!(of(4 * needs(1) + 1), (4, 4, needs(4)));
        assert_eq!(of(needs(1)), (1, 1, needs(1)), "with more threads not one would fit");
    }
}
