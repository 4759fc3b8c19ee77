//! How far runs are: bars on a terminal, plain lines elsewhere; and how far the sweep is that they belong to.

use artifacts::Configuration;
use artifacts::output::say;
use artifacts::run::EpochRow;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// On no terminal, at most one line within an epoch each so often.
const LINE_EVERY: Duration = Duration::from_mins(1);

/// Of what was expected of a sweep, so much is believed as if it had been seen.
const TRUSTED: Duration = Duration::from_mins(1);

/// Where the progress of all runs under way is shown.
#[derive(Debug)]
pub struct Screen {
    bars: Option<MultiProgress>,
    sweep: Mutex<Option<Tally>>,
    epochs: AtomicUsize,
}

/// The work of a sweep, in seconds as expected before it began.
#[derive(Debug)]
struct Tally {
    start: Instant,
    /// Until all have ended, as expected before the first began.
    whole: Duration,
    /// Of each run that is left.
    expected: BTreeMap<String, f64>,
    /// Share of each run that is done by now.
    done: BTreeMap<String, f64>,
    bar: Option<ProgressBar>,
}

impl Tally {
    fn share(&self) -> f64 {
        // From a zero of its own: the sum of nothing is -0.
        let done = self.done.iter().fold(0.0, |done, (run, share)| done + self.expected[run] * share);
        done / self.expected.values().sum::<f64>().max(f64::MIN_POSITIVE)
    }

    /// What is left at the measured pace, in which all is that differs from what was expected. In the first moments, while a GPU's libraries
    /// still choose their kernels, there is little to measure: as much counts as if [`TRUSTED`] had gone as expected.
    fn remaining(&self, elapsed: Duration) -> Duration {
        let whole = self.whole.as_secs_f64().max(f64::MIN_POSITIVE);
        let trusted = TRUSTED.as_secs_f64().min(whole / 10.0);
        let share = self.share();
        let pace = (elapsed.as_secs_f64() + trusted) / (share + trusted / whole);
        Duration::try_from_secs_f64(pace * (1.0 - share).max(0.0)).unwrap_or(Duration::MAX)
    }
}

impl Default for Screen {
    fn default() -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self { bars, sweep: Mutex::default(), epochs: AtomicUsize::default() }
    }
}

impl Screen {
    /// A sweep begins: the runs that are left with the seconds that each is expected to take, and how long all of them are.
    pub fn begin(&self, expected: BTreeMap<String, f64>, whole: Duration) {
        let bar = self.bars.as_ref().map(|bars| bars.add(bar("sweep", 1000)));
        *self.tally() = Some(Tally { start: Instant::now(), whole, expected, done: BTreeMap::new(), bar });
    }

    /// This share of what was left of a run is done.
    pub fn report(&self, run: &str, share: f64) {
        let mut sweep = self.tally();
        let Some(tally) = sweep.as_mut().filter(|tally| tally.expected.contains_key(run)) else { return };
        tally.done.insert(run.to_owned(), share);
        if let Some(bar) = &tally.bar {
            bar.set_position((1000.0 * tally.share()) as u64);
            bar.set_message(format!("{} left", HumanDuration(tally.remaining(tally.start.elapsed()))));
        }
    }

    /// How far the sweep is; empty where there is none.
    #[must_use]
    pub fn sweep_summary(&self) -> String {
        self.tally().as_ref().map_or_else(String::new, |tally| {
            let left = HumanDuration(tally.remaining(tally.start.elapsed()));
            format!("; sweep {:.0} %, {left} left", 100.0 * tally.share())
        })
    }

    /// Epochs that have ended since this screen is there, of all runs together.
    #[must_use]
    pub fn epochs(&self) -> usize {
        self.epochs.load(Ordering::Relaxed)
    }

    /// A line of its own.
    pub fn say(&self, line: &str) {
        match &self.bars {
            // Unlike `suspend`, it does not panic where the terminal has gone.
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

/// The sweep's bar goes with its screen.
impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(bar) = self.tally().take().and_then(|tally| tally.bar) {
            bar.finish_and_clear();
        }
    }
}

fn bar(name: &str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {wide_bar} {percent:>3} % {msg}")
        .expect("the template is well-formed");
    ProgressBar::new(length).with_style(style.progress_chars("=> ")).with_prefix(name.to_owned())
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
    /// Updates that were done when the pace began to be measured, and when that was: after the session's first epoch, where there is one.
    paced: (usize, Instant),
    last_line: Instant,
    judged_by: &'static str,
}

/// Means over the part of an epoch that is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoFar {
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Share of images classified as labelled.
    pub accuracy: f64,
}

impl<'a> Progress<'a> {
    /// A run of which `epochs_done` epochs are done already.
    #[must_use]
    pub fn new(
        screen: &'a Screen,
        run: &str,
        updates_per_epoch: usize,
        configuration: &Configuration,
        epochs_done: usize,
    ) -> Self {
        let epochs = configuration.epochs;
        let (updates, first) = (updates_per_epoch * epochs, updates_per_epoch * epochs_done);
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
            paced: (first, now),
            last_line: now,
            judged_by: configuration.judged_by_what(),
        }
    }

    /// After `done` updates in all; `so_far` is none where reading it would make the device wait.
    pub fn update(&mut self, done: usize, so_far: Option<SoFar>, images_per_second: f64) {
        self.report(done);
        let numbers = so_far.map_or_else(String::new, |SoFar { loss, accuracy }| {
            format!("loss {loss:.3}, {:.1} %, ", accuracy * 100.0)
        });
        let message =
            format!("{numbers}{images_per_second:.0} images/s, {} left", HumanDuration(self.remaining(done)));
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            bar.set_message(message);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let epoch = done as f64 / self.updates_per_epoch as f64;
            self.say(&format!("epoch {epoch:.2}: {message}{}", self.screen.sweep_summary()));
        }
    }

    /// After an epoch.
    pub fn epoch(&mut self, row: &EpochRow, epochs: usize) {
        let done = row.epoch as usize * self.updates_per_epoch;
        self.report(done);
        self.screen.epochs.fetch_add(1, Ordering::Relaxed);
        self.last_line = Instant::now();
        self.say(&format!(
            "epoch {}/{epochs}: train loss {:.4}, train accuracy {:.2} %, {} accuracy {:.2} %, {:.0} images/s, {} left{}",
            row.epoch,
            row.train_loss.unwrap_or(f64::NAN),
            row.train_accuracy.unwrap_or(f64::NAN) * 100.0,
            self.judged_by,
            row.test_accuracy * 100.0,
            row.images_per_second.unwrap_or(f64::NAN),
            HumanDuration(self.remaining(done)),
            self.screen.sweep_summary(),
        ));
        if self.paced.0 == self.first {
            self.paced = (done, self.last_line);
        }
    }

    /// A line about this run.
    pub fn say(&self, line: &str) {
        self.screen.say(&format!("{}: {line}", self.run));
    }

    fn report(&self, done: usize) {
        let left = (self.updates - self.first).max(1);
        self.screen.report(&self.run, done.saturating_sub(self.first) as f64 / left as f64);
    }

    /// Time left at the mean pace so far, evaluations included.
    fn remaining(&self, done: usize) -> Duration {
        let (before, start) = self.paced;
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
mod tests {
    use super::*;

    fn screen(tally: Option<Tally>) -> Screen {
        Screen { bars: None, sweep: Mutex::new(tally), epochs: AtomicUsize::default() }
    }

    #[test]
    fn nothing_is_done_of_a_sweep_that_begins() {
        let screen = screen(None);
        for expected in [BTreeMap::from([("a".to_owned(), 30.0)]), BTreeMap::new()] {
            screen.begin(expected, Duration::ZERO);
            assert!(screen.sweep_summary().starts_with("; sweep 0 %"), "{}", screen.sweep_summary());
        }
    }

    #[test]
    fn what_is_left_of_a_sweep_follows_the_measured_pace() {
        let expected = BTreeMap::from([("a".to_owned(), 30.0), ("b".to_owned(), 10.0)]);
        let done = BTreeMap::from([("a".to_owned(), 0.5), ("b".to_owned(), 0.5)]);
        let (start, whole) = (Instant::now(), Duration::from_secs(40));
        let tally = Tally { start, whole, expected, done, bar: None };
        assert!((tally.share() - 0.5).abs() < 1e-12);
        // Expected 20 seconds for the first half, of which 4 count; it took 50.
        assert_eq!(tally.remaining(Duration::from_secs(50)), Duration::from_secs(45));
        let begun =
            Tally { start, whole, expected: tally.expected.clone(), done: BTreeMap::new(), bar: None };
        assert_eq!(begun.remaining(Duration::from_secs(2)), Duration::from_mins(1));

        let swept = screen(Some(tally));
        swept.report("a", 1.0);
        swept.report("b", 1.0);
        swept.report("somebody else's", 0.3);
        assert!(swept.sweep_summary().starts_with("; sweep 100 %"));
        assert_eq!(screen(None).sweep_summary(), "");
    }
}
