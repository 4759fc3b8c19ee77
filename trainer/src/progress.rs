//! How far a run is: a bar on a terminal, plain lines elsewhere.

use artifacts::run::EpochRow;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// On no terminal, at most one line within an epoch each so often.
const LINE_EVERY: Duration = Duration::from_mins(1);

/// The progress of one run.
#[derive(Debug)]
pub struct Progress {
    run: String,
    bar: Option<ProgressBar>,
    updates: usize,
    first: usize,
    updates_per_epoch: usize,
    start: Instant,
    last_line: Instant,
}

/// Means over the part of an epoch that is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoFar {
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Share of images classified as labelled.
    pub accuracy: f64,
}

impl Progress {
    /// A run of `updates` updates, of which `done` are done already.
    #[must_use]
    pub fn new(run: &str, updates_per_epoch: usize, epochs: usize, epochs_done: usize) -> Self {
        let (updates, first) = (updates_per_epoch * epochs, updates_per_epoch * epochs_done);
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(updates as u64).with_position(first as u64);
            let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}")
                .expect("the template is well-formed");
            bar.set_style(style.progress_chars("=> "));
            bar.set_prefix(run.to_owned());
            bar
        });
        let now = Instant::now();
        Self { run: run.to_owned(), bar, updates, first, updates_per_epoch, start: now, last_line: now }
    }

    /// After `done` updates in all; `so_far` is none where reading it would make the device wait.
    pub fn update(&mut self, done: usize, so_far: Option<SoFar>, images_per_second: f64) {
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
            eprintln!("{}: epoch {epoch:.2}: {message}", self.run);
        }
    }

    /// After an epoch.
    pub fn epoch(&mut self, row: &EpochRow, epochs: usize) {
        let done = row.epoch as usize * self.updates_per_epoch;
        let line = format!(
            "{}: epoch {}/{epochs}: train loss {:.4}, train accuracy {:.2} %, test accuracy {:.2} %, {:.0} images/s, {} left",
            self.run,
            row.epoch,
            row.train_loss.unwrap_or(f64::NAN),
            row.train_accuracy.unwrap_or(f64::NAN) * 100.0,
            row.test_accuracy * 100.0,
            row.images_per_second.unwrap_or(f64::NAN),
            HumanDuration(self.remaining(done)),
        );
        self.last_line = Instant::now();
        self.say(&line);
    }

    /// A line of its own.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Time left at the mean pace so far, evaluations included.
    fn remaining(&self, done: usize) -> Duration {
        match done.checked_sub(self.first) {
            None | Some(0) => Duration::ZERO,
            Some(here) => self.start.elapsed().mul_f64((self.updates - done) as f64 / here as f64),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
