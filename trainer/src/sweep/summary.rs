//! Describes a plan in lines: each run if there are few, otherwise counts by network and the first runs.
//!
//! *Invariant:* the lines fit on a screen or two, however long the plan is.

use super::plan::Planned;
use super::slots::Slot;
use crate::machine::device::Device;
use indicatif::HumanDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The largest number of runs that are listed individually; the shipped experiments for an afternoon have up
/// to thirty.
const NAMED: usize = 40;
/// The numbers of first runs (also of failures) and of kinds of runs that are listed of a longer plan.
const FIRST: usize = 5;
const KINDS: usize = 32;

/// Describes how many runs there are, on which devices, and how long they take; `refused` of them do not fit
/// into memory here, and some have `diverged`.
pub(super) fn heading(
    runs: usize,
    refused: usize,
    diverged: &[String],
    planned: &[Planned<'_>],
    slots: &[Slot],
    at_once: usize,
) -> String {
    let devices: BTreeSet<_> = slots.iter().map(|slot| slot.device).collect();
    let places: Vec<_> = devices.iter().map(Device::to_string).collect();
    let ended = match diverged {
        [] => String::new(),
        diverged => format!(", {} diverged ({})", diverged.len(), names(diverged)),
    };
    format!(
        "{runs} runs, {} of them done{ended}; {} to go on {}, {} at once with {} CPU thread(s) each, expected time {}",
        runs - planned.len() - refused - diverged.len(),
        planned.len(),
        places.join(", "),
        slots.len(),
        slots[0].threads,
        HumanDuration(until_all_ended(planned, at_once))
    )
}

/// Returns how many runs are trained at once without slowing each other down: one on each GPU, or as many as
/// have CPU cores of their own.
pub(super) fn at_once(slots: &[Slot], cores: usize) -> usize {
    let gpus: BTreeSet<_> =
        slots.iter().filter(|slot| slot.device != Device::Cpu).map(|slot| slot.device).collect();
    let threads = slots.first().map_or(1, |slot| slot.threads);
    if gpus.is_empty() { slots.len().min(cores / threads).max(1) } else { gpus.len() }
}

/// Returns the expected time until all runs have ended, of which so many run as if alone.
pub(super) fn until_all_ended(planned: &[Planned<'_>], at_once: usize) -> Duration {
    let longest = planned.iter().map(|run| run.expected).max().unwrap_or_default();
    longest.max(total(planned.iter()) / at_once as u32)
}

/// Lists the runs in their order.
pub(super) fn lines(planned: &[Planned<'_>]) -> Vec<String> {
    if planned.len() <= NAMED {
        return planned.iter().map(line).collect();
    }
    let mut kinds: BTreeMap<(usize, [usize; 4]), Vec<&Planned<'_>>> = BTreeMap::new();
    for run in planned {
        let kind = (run.configuration.rankscale, run.configuration.recipe.channels);
        kinds.entry(kind).or_default().push(run);
    }
    let (first, others) = (kinds.iter().take(KINDS), kinds.len().saturating_sub(KINDS));
    let mut lines: Vec<String> = first.map(|((rankscale, _), runs)| kind(*rankscale, runs)).collect();
    if others > 0 {
        lines.push(format!("  and {others} more rankscales"));
    }
    lines.push("the first of them:".to_owned());
    lines.extend(planned.iter().take(FIRST).map(line));
    lines.push(format!("  and {} more", planned.len() - FIRST));
    lines
}

/// Returns all lines if there are few, otherwise the first ones and the number of the others.
pub(super) fn shortened(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    if lines.len() > NAMED {
        let more = format!("  and {} more", lines.len() - FIRST);
        lines.truncate(FIRST);
        lines.push(more);
    }
    lines
}

/// Returns the first names, and the number of the others.
pub(super) fn names(names: &[String]) -> String {
    let first = names[..names.len().min(FIRST)].join(", ");
    match names.len().saturating_sub(FIRST) {
        0 => first,
        others => format!("{first} and {others} more"),
    }
}

fn line(run: &Planned<'_>) -> String {
    format!(
        "  {:<44} {:>4} epochs  {:>5} MiB  about {}",
        run.name,
        run.epochs_left,
        run.memory >> 20,
        HumanDuration(run.expected)
    )
}

fn kind(rankscale: usize, runs: &[&Planned<'_>]) -> String {
    let epochs: usize = runs.iter().map(|run| run.epochs_left).sum();
    let memory = runs.iter().map(|run| run.memory).max().unwrap_or_default();
    format!(
        "  rankscale {rankscale:>3}: {:>5} runs  {epochs:>8} epochs  {:>5} MiB each  about {} in all",
        runs.len(),
        memory >> 20,
        HumanDuration(total(runs.iter().copied()))
    )
}

/// Sums expected times, saturating because a recipe may ask for centuries.
fn total<'a>(runs: impl Iterator<Item = &'a Planned<'a>>) -> Duration {
    runs.fold(Duration::ZERO, |sum, run| sum.saturating_add(run.expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::Configuration;

    fn planned(configurations: &[Configuration]) -> Vec<Planned<'_>> {
        let run = |configuration| Planned {
            configuration,
            name: Configuration::run_name(configuration, "data"),
            epochs_left: 3,
            expected: Duration::from_mins(1),
            memory: 100 << 20,
        };
        configurations.iter().map(run).collect()
    }

    fn grid(runs: usize, rankscales: usize) -> Vec<Configuration> {
        let rankscale = |at: usize| 1 + at % rankscales;
        (0..runs)
            .map(|at| Configuration { rankscale: rankscale(at), seed: at as u64, ..Configuration::default() })
            .collect()
    }

    #[test]
    fn runs_on_one_gpu_share_it() {
        let configurations = grid(6, 1);
        let until = |devices: &[Device]| {
            let slots: Vec<_> = devices.iter().map(|&device| Slot { device, threads: 1 }).collect();
            until_all_ended(&planned(&configurations), at_once(&slots, 8)).as_secs() / 60
        };
        let [first, second] = [Device::Cuda(0), Device::Cuda(1)];
        assert_eq!([until(&[Device::Cpu]), until(&[Device::Cpu; 2]), until(&[Device::Cpu; 6])], [6, 3, 1]);
        let four = [Slot { device: Device::Cpu, threads: 1 }; 4];
        assert_eq!([at_once(&four, 4), at_once(&four, 2)], [4, 2], "more than there are cores");
        assert_eq!([until(&[first]), until(&[first; 2]), until(&[first, second, first, second])], [6, 6, 3]);
    }

    #[test]
    fn a_short_plan_names_every_run() {
        let configurations = grid(NAMED, 3);
        let lines = lines(&planned(&configurations));
        assert_eq!(lines.len(), NAMED);
        assert!(lines[1].contains("r02-original-s1-") && lines[1].contains("3 epochs"), "{}", lines[1]);
    }

    #[test]
    fn a_diverged_run_is_not_counted_as_done() {
        let configurations = grid(2, 1);
        let slots = [Slot { device: Device::Cpu, threads: 1 }];
        let heading = |diverged: &[String]| heading(5, 1, diverged, &planned(&configurations), &slots, 1);
        assert!(heading(&[]).starts_with("5 runs, 2 of them done; 2 to go"), "{}", heading(&[]));
        let two = heading(&["a".to_owned(), "b".to_owned()]);
        assert!(two.starts_with("5 runs, 0 of them done, 2 diverged (a, b); 2 to go"), "{two}");
    }

    #[test]
    fn a_long_plan_is_summed_up() {
        let configurations = grid(50_000, 2);
        let lines = lines(&planned(&configurations));
        assert_eq!(lines.len(), 2 + 1 + FIRST + 1);
        assert!(lines[0].contains("rankscale   1: 25000 runs     75000 epochs"), "{}", lines[0]);
        assert!(lines[3].contains("r01-original-s0-"), "{}", lines[3]);
        assert_eq!(lines[8], "  and 49995 more");
    }

    #[test]
    fn neither_kinds_nor_failures_make_it_long() {
        let configurations = grid(600, 300);
        assert_eq!(lines(&planned(&configurations)).len(), KINDS + 2 + FIRST + 1);
        let failed: Vec<String> = (0..1000).map(|at| format!("r{at}")).collect();
        assert_eq!(names(&failed), "r0, r1, r2, r3, r4 and 995 more");
        assert_eq!(names(&failed[..2]), "r0, r1");
        let lines = |count: usize| shortened(failed[..count].iter().cloned());
        assert_eq!(lines(NAMED), failed[..NAMED]);
        assert_eq!(lines(1000), [&failed[..FIRST], &["  and 995 more".to_owned()]].concat());
    }
}
