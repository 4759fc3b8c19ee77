//! The progress of runs, as bars on a terminal and as plain lines elsewhere; and of the sweep that they
//! belong to, with its expected end.
//!
//! *Invariant:* a run writes at most one line of progress per minute, however short its epochs are; the line
//! of a long epoch is not suppressed by that.

mod tally;

use artifacts::Configuration;
use artifacts::output::say;
use artifacts::run::EpochRow;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tally::Tally;

/// The least time between two lines of one run.
const LINE_EVERY: Duration = Duration::from_mins(1);

/// The environment variable that sets this time in seconds; with 0 there is a line for every epoch.
const LINE_SECONDS: &str = "RANKSCALE_LINE_SECONDS";

/// The display of the progress of all runs under way.
#[derive(Debug)]
pub struct Screen {
    bars: Option<MultiProgress>,
    sweep: Mutex<Option<Tally>>,
    epochs: AtomicUsize,
    begun: AtomicUsize,
    line_every: Duration,
}

impl Default for Screen {
    fn default() -> Self {
        let set = |key: &str| std::env::var(key).ok();
        let bars = can_have_bars(set("TERM").as_deref()).then(MultiProgress::new);
        let seconds = set(LINE_SECONDS).and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let line_every = seconds.unwrap_or(LINE_EVERY);
        let (epochs, begun) = (AtomicUsize::default(), AtomicUsize::default());
        Self { bars, sweep: Mutex::default(), epochs, begun, line_every }
    }
}

/// Returns whether bars can be drawn on standard error.
fn can_have_bars(term: Option<&str>) -> bool {
    std::io::stderr().is_terminal() && !matches!(term, None | Some("" | "dumb"))
}

impl Screen {
    /// Starts a sweep: `expected` is the expected number of seconds of each run that is left, and `whole` the
    /// expected duration of all of them.
    pub fn begin(&self, expected: BTreeMap<String, f64>, whole: Duration) {
        let bar = self.bars.as_ref().map(|bars| bars.add(bar("sweep", 1000)));
        *self.tally() = Some(Tally::new(Instant::now(), whole, expected, bar));
    }

    /// Records the fraction of a run's remaining work that is done.
    pub fn report(&self, run: &str, share: f64) {
        self.record(|tally| tally.report(Instant::now(), run, share));
    }

    /// Records that a run has ended, trained here or found finished.
    pub fn ended(&self, run: &str) {
        self.record(|tally| tally.end(Instant::now(), run));
    }

    /// Takes a run out of the sweep, because another process trains it, it failed, or it diverged.
    pub fn forget(&self, run: &str) {
        self.record(|tally| tally.forget(Instant::now(), run));
    }

    fn record(&self, change: impl FnOnce(&mut Tally)) {
        let mut sweep = self.tally();
        let Some(tally) = sweep.as_mut() else { return };
        change(tally);
        if let Some(bar) = &tally.bar {
            bar.set_position((1000.0 * tally.share()) as u64);
            bar.set_message(format!("sweep {}", tally.until()));
        }
    }

    /// Describes the progress of the sweep; empty if there is none.
    #[must_use]
    pub fn sweep_summary(&self) -> String {
        self.tally().as_ref().map_or_else(String::new, |tally| format!("; {}", tally.summary()))
    }

    /// Returns the number of runs that have begun or gone on since this screen was created.
    #[must_use]
    pub fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// Returns the number of epochs of all runs that have ended since this screen was created.
    #[must_use]
    pub fn epochs(&self) -> usize {
        self.epochs.load(Ordering::Relaxed)
    }

    /// Prints a line.
    pub fn say(&self, line: &str) {
        match &self.bars {
            // Unlike `suspend`, `println` does not panic if the terminal is gone.
            Some(bars) => {
                let _ = bars.println(line);
            }
            None => say(line),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Option<Tally>> {
        self.sweep.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the sweep's bar.
impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(bar) = self.tally().take().and_then(|tally| tally.bar) {
            bar.finish_and_clear();
        }
    }
}

/// Creates a bar that fits a narrow terminal, where its message is truncated.
fn bar(name: &str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{percent:>3} % {bar:8} {wide_msg}")
        .expect("the template is well-formed");
    ProgressBar::new(length).with_style(style.progress_chars("=> ")).with_message(name.to_owned())
}

/// The progress of one run.
#[derive(Debug)]
pub struct Progress<'a> {
    screen: &'a Screen,
    run: String,
    bar: Option<ProgressBar>,
    updates: usize,
    first: usize,
    updates_per_epoch: usize,
    /// The number of updates and the time at which the last epoch but one ended, and at which the last did.
    /// Where none has, it is the session's beginning.
    marks: [(usize, Instant); 2],
    last_line: Instant,
    /// The accuracy after the last epoch; empty if none has ended.
    judged: String,
    judged_by: &'static str,
}

/// Means over the part of an epoch that is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoFar {
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Fraction of images classified as labelled.
    pub accuracy: f64,
}

impl<'a> Progress<'a> {
    /// Starts the progress of a run of which `done` epochs are already done, up to epoch `last`.
    #[must_use]
    pub fn new(
        screen: &'a Screen,
        run: &str,
        updates_per_epoch: usize,
        configuration: &Configuration,
        (done, last): (usize, usize),
    ) -> Self {
        screen.begun.fetch_add(1, Ordering::Relaxed);
        let (updates, first) = (updates_per_epoch * last, updates_per_epoch * done);
        let bar = screen
            .bars
            .as_ref()
            .map(|bars| bars.insert(0, bar(run, updates as u64).with_position(first as u64)));
        let now = Instant::now();
        Self {
            screen,
            run: run.to_owned(),
            bar,
            updates,
            first,
            updates_per_epoch,
            marks: [(first, now); 2],
            last_line: now,
            judged: String::new(),
            judged_by: configuration.recipe.judged_by_what(),
        }
    }

    /// Shows the progress after `done` updates in all; `so_far` is `None` if reading it would stall the
    /// device.
    pub fn update(&mut self, done: usize, so_far: Option<SoFar>, images_per_second: f64) {
        self.report(done);
        let remaining = self.remaining(done);
        let left = HumanDuration(remaining);
        let numbers = so_far.map_or_else(String::new, |SoFar { loss, accuracy }| {
            format!("loss {loss:.3}, {:.1} %, ", accuracy * 100.0)
        });
        let numbers = format!("{}{numbers}{images_per_second:.0} images/s", self.judged);
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            // The name without the hash at its end.
            let (name, _) = self.run.rsplit_once('-').unwrap_or((&self.run, ""));
            bar.set_message(format!("{name}: {left} left, {numbers}"));
        } else if self.has_line_within_epoch(done, remaining) {
            self.last_line = Instant::now();
            let epoch = done as f64 / self.updates_per_epoch as f64;
            self.say(&format!("epoch {epoch:.2}: {numbers}, {left} left{}", self.screen.sweep_summary()));
        }
    }

    /// Returns whether a line is due, and the epoch does not end so soon that its own line would follow too
    /// early.
    fn has_line_within_epoch(&self, done: usize, remaining: Duration) -> bool {
        let of_epoch = (self.updates_per_epoch - done % self.updates_per_epoch) as f64;
        let of_all = (self.updates - done).max(1) as f64;
        let every = self.screen.line_every.max(LINE_EVERY);
        self.last_line.elapsed() >= every
            && remaining.as_secs_f64() * of_epoch / of_all >= every.as_secs_f64()
    }

    /// Shows the progress after an epoch.
    pub fn epoch(&mut self, row: &EpochRow, epochs: usize) {
        let done = row.epoch as usize * self.updates_per_epoch;
        self.report(done);
        self.screen.epochs.fetch_add(1, Ordering::Relaxed);
        self.judged = format!("{} {:.2} %, ", self.judged_by, row.test_accuracy * 100.0);
        let left = HumanDuration(self.remaining(done));
        let mark = (done, Instant::now());
        // What comes before the session's first epoch ends tells little of the pace: it includes the start.
        self.marks = if self.marks[1].0 == self.first { [mark; 2] } else { [self.marks[1], mark] };
        if !self.takes_a_line() {
            return;
        }
        self.say(&format!(
            "epoch {}/{epochs}: train loss {:.4}, train accuracy {:.2} %, {} accuracy {:.2} %, {:.0} images/s, {left} left{}",
            row.epoch,
            row.train_loss.unwrap_or(f64::NAN),
            row.train_accuracy.unwrap_or(f64::NAN) * 100.0,
            self.judged_by,
            row.test_accuracy * 100.0,
            row.images_per_second.unwrap_or(f64::NAN),
            self.screen.sweep_summary(),
        ));
    }

    /// Returns whether this run may print a line now, and if so restarts the interval.
    fn takes_a_line(&mut self) -> bool {
        let is_due = self.last_line.elapsed() >= self.screen.line_every;
        if is_due {
            self.last_line = Instant::now();
        }
        is_due
    }

    /// Prints a line about this run.
    pub fn say(&self, line: &str) {
        self.screen.say(&format!("{}: {line}", self.run));
    }

    fn report(&self, done: usize) {
        let left = (self.updates - self.first).max(1);
        self.screen.report(&self.run, done.saturating_sub(self.first) as f64 / left as f64);
    }

    /// Estimates the time left at the pace of the last one or two epochs, evaluations included.
    fn remaining(&self, done: usize) -> Duration {
        let (before, start) = self.marks[0];
        match done.checked_sub(before) {
            None | Some(0) => Duration::ZERO,
            Some(here) => start.elapsed().mul_f64((self.updates - done) as f64 / here as f64),
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests;
