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
use std::sync::{Mutex, PoisonError};

/// The function that trains a run, such as [`train`].
pub(super) type Train = fn(&RunContext<'_>, &Configuration) -> anyhow::Result<Outcome>;

/// After this many consecutive panics a slot gets no more runs: a device that fails at once would otherwise
/// use up the whole sweep while another is busy with one run.
const MOST_BROKEN_OFF: u32 = 3;

/// The runs of a sweep that failed.
#[derive(Debug, Default)]
pub(super) struct Failures {
    pub(super) names: Vec<String>,
    /// Whether a reason was appended to the log of failures.
    pub(super) logged: bool,
}

/// Trains runs in the slots until none waits any more; returns those that other processes train.
pub(super) fn train_all<'a>(
    context: &RunContext<'_>,
    slots: &[Slot],
    free: &[(Device, u64)],
    runs: Vec<Planned<'a>>,
    failures: &Mutex<Failures>,
    train: Train,
) -> Vec<Planned<'a>> {
    let (queue, elsewhere) = (Queue::new(runs, free.to_vec()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for &slot in slots {
            let (queue, elsewhere) = (&queue, &elsewhere);
            scope.spawn(move || {
                let mut broken_off = 0;
                while !context.stop.is_requested()
                    && broken_off < MOST_BROKEN_OFF
                    && let Some(run) = queue.next(slot.device)
                {
                    let outcome = contained(|| train(&context.at(slot), run.configuration));
                    broken_off = if outcome.is_err() { broken_off + 1 } else { 0 };
                    let outcome = outcome.unwrap_or_else(|broken| Err(broken.into()));
                    give_back();
                    queue.ended(slot.device, &run);
                    match &outcome {
                        Ok(Outcome::Interrupted(_)) => queue.close(),
                        Ok(Outcome::Elsewhere) => {
                            context.screen.forget(&run.name);
                            elsewhere.lock().unwrap_or_else(PoisonError::into_inner).push(run);
                            continue;
                        }
                        Ok(Outcome::Done(_)) => context.screen.ended(&run.name),
                        Ok(Outcome::Diverged(_)) => context.screen.forget(&run.name),
                        Err(_) => {
                            context.screen.forget(&run.name);
                            let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                            failures.names.push(run.name.clone());
                        }
                    }
                    if say(context, &run, outcome) {
                        failures.lock().unwrap_or_else(PoisonError::into_inner).logged = true;
                    }
                }
                if broken_off == MOST_BROKEN_OFF {
                    context.screen.say(&format!(
                        "{}: {MOST_BROKEN_OFF} runs in a row broke off there; it is given no more of them",
                        slot.device
                    ));
                }
            });
        }
    });
    if !context.stop.is_requested() {
        let untried = queue.left().into_iter().map(|run| format!("{} (not tried)", run.name));
        failures.lock().unwrap_or_else(PoisonError::into_inner).names.extend(untried);
    }
    elsewhere.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Appends a line to the log of failures, which outlives the terminal, and returns whether that was possible.
fn keep(context: &RunContext<'_>, line: &str) -> bool {
    let file = fs::OpenOptions::new().create(true).append(true).open(context.layout.failures());
    // In one piece, because several processes may append.
    file.and_then(|mut file| file.write_all(format!("{}\n", line.replace('\n', " ")).as_bytes())).is_ok()
}

/// Says how a run ended, and returns whether the reason of a failure was logged.
fn say(context: &RunContext<'_>, run: &Planned<'_>, outcome: anyhow::Result<Outcome>) -> bool {
    let mut logged = false;
    let what = match outcome {
        Ok(outcome) => outcome.says(run.configuration.recipe.judged_by_what()),
        Err(error) => {
            let failed = format!("{FAILED}{error:#}");
            logged = keep(context, &format!("{}: {failed}", run.name));
            failed
        }
    };
    context.screen.say(&format!("{}: {what}{}", run.name, context.screen.sweep_summary()));
    logged
}

#[cfg(test)]
mod tests;
