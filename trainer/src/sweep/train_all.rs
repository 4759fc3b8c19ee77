//! Trains the runs of a sweep in its slots.
//!
//! *Invariant:* the failure or panic of one run does not stop the others.

use super::plan::Planned;
use super::slots::{Queue, Slot};
use crate::machine::allocator::give_back;
use crate::machine::contained::contained;
use crate::machine::device::Device;
use crate::run::context::RunContext;
use crate::run::session::Outcome;
use artifacts::Configuration;
use artifacts::run::said::FAILED;
use fs_err as fs;
use std::io::Write;
use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The function that trains a run, such as [`train`].
pub(super) type Train = fn(&RunContext<'_>, &Configuration) -> anyhow::Result<Outcome>;

/// After this many consecutive panics a slot gets no more runs: a device that fails at once would otherwise
/// use up the whole sweep while another is busy with one run.
const MOST_BROKEN_OFF: u32 = 3;

/// The runs of a sweep that failed.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Failed>);

/// What is known of them.
#[derive(Debug, Default)]
pub(super) struct Failed {
    pub(super) names: Vec<String>,
    /// Whether a reason was appended to the log of failures.
    pub(super) logged: bool,
}

impl Failures {
    fn lock(&self) -> MutexGuard<'_, Failed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, names: impl IntoIterator<Item = String>) {
        self.lock().names.extend(names);
    }

    /// Appends a line to the log of failures, which outlives the terminal, where that is possible.
    fn log(&self, context: &RunContext<'_>, line: &str) {
        let file = fs::OpenOptions::new().create(true).append(true).open(context.layout.failures());
        // In one piece, because several processes may append.
        let line = format!("{}\n", line.replace('\n', " "));
        self.lock().logged |= file.and_then(|mut file| file.write_all(line.as_bytes())).is_ok();
    }

    pub(super) fn into_inner(self) -> Failed {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Trains runs in the slots until none waits any more; returns those that other processes train.
pub(super) fn train_all<'a>(
    context: &RunContext<'_>,
    slots: &[Slot],
    free: &[(Device, u64)],
    runs: Vec<Planned<'a>>,
    failures: &Failures,
    train: Train,
) -> Vec<Planned<'a>> {
    let queue = Queue::new(runs, free.to_vec());
    let in_slot = |slot| train_in(slot, context, &queue, failures, train);
    let elsewhere = std::thread::scope(|scope| {
        let slots: Vec<_> = slots.iter().map(|&slot| scope.spawn(move || in_slot(slot))).collect();
        slots.into_iter().flat_map(|slot| slot.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    if !context.stop.is_requested() {
        failures.add(queue.left().into_iter().map(|run| format!("{} (not tried)", run.name)));
    }
    elsewhere
}

/// Trains runs of the queue in one slot, one after the other; returns those that other processes train.
fn train_in<'a>(
    slot: Slot,
    context: &RunContext<'_>,
    queue: &Queue<'a>,
    failures: &Failures,
    train: Train,
) -> Vec<Planned<'a>> {
    let (mut elsewhere, mut broken_off) = (Vec::new(), 0);
    while !context.stop.is_requested()
        && broken_off < MOST_BROKEN_OFF
        && let Some(run) = queue.next(slot.device)
    {
        // The next run may have been waited for, until another slot was stopped and gave its memory back.
        if context.stop.is_requested() {
            queue.close();
            break;
        }
        let outcome = contained(|| train(&context.at(slot), run.configuration));
        broken_off = if outcome.is_err() { broken_off + 1 } else { 0 };
        let outcome = outcome.unwrap_or_else(|broken| Err(broken.into()));
        give_back();
        queue.ended(slot.device, &run);
        match &outcome {
            Ok(Outcome::Interrupted(_)) => queue.close(),
            Ok(Outcome::Done(_)) => context.screen.ended(&run.name),
            Ok(Outcome::Diverged(_) | Outcome::Elsewhere) | Err(_) => context.screen.forget(&run.name),
        }
        if matches!(outcome, Ok(Outcome::Elsewhere)) {
            elsewhere.push(run);
        } else {
            say(context, &run, outcome, failures);
        }
    }
    if broken_off == MOST_BROKEN_OFF {
        context.screen.say(&format!(
            "{}: {MOST_BROKEN_OFF} runs in a row broke off there; it is given no more of them",
            slot.device
        ));
    }
    elsewhere
}

/// Says how a run ended, and keeps the reason of a failure.
fn say(context: &RunContext<'_>, run: &Planned<'_>, outcome: anyhow::Result<Outcome>, failures: &Failures) {
    let what = match outcome {
        Ok(outcome) => outcome.says(run.configuration.recipe.judged_by_what()),
        Err(error) => {
            let failed = format!("{FAILED}{error:#}");
            failures.add([run.name.clone()]);
            failures.log(context, &format!("{}: {failed}", run.name));
            failed
        }
    };
    context.screen.say(&format!("{}: {what}{}", run.name, context.screen.sweep_summary()));
}

#[cfg(test)]
mod tests;
