//! The progress of a download: a bar on a terminal, occasional lines elsewhere. Always on standard error.

use crate::disk::space::Megabytes;
use artifacts::output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// The interval between two lines, without a terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Prints a line to standard error, for people.
pub fn say(message: impl std::fmt::Display) {
    output::say(format_args!("data-prep: {message}"));
}

/// The progress of one file.
pub struct Meter {
    name: String,
    total: Option<u64>,
    started_at: u64,
    started: Instant,
    said: Instant,
    position: u64,
    bar: Option<ProgressBar>,
}

impl Meter {
    /// Starts at `position` bytes of `total`, if that is known.
    #[must_use]
    pub fn new(name: &str, position: u64, total: Option<u64>) -> Self {
        let bar = stderr().is_terminal().then(|| bar(name, position, total));
        let now = Instant::now();
        Self { name: name.to_owned(), total, started_at: position, started: now, said: now, position, bar }
    }

    /// Records that more bytes have arrived.
    pub fn advance(&mut self, bytes: u64) {
        self.position += bytes;
        if let Some(bar) = &self.bar {
            bar.set_position(self.position);
        } else if self.said.elapsed() >= LINE_EVERY {
            self.said = Instant::now();
            say(self.line(self.started.elapsed()));
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let (name, position) = (&self.name, Megabytes(self.position));
        let speed = (self.position - self.started_at) as f64 / elapsed.as_secs_f64();
        let speed_megabytes = speed / 1e6;
        match self.total {
            Some(total) => {
                let (of, left) = (Megabytes(total), (total.saturating_sub(self.position)) as f64 / speed);
                format!("{name}: {position} of {of}, {speed_megabytes:.2} MB/s, {left:.0} s left")
            }
            None => format!("{name}: {position}, {speed_megabytes:.2} MB/s"),
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(name: &str, position: u64, total: Option<u64>) -> ProgressBar {
    let template = if total.is_some() {
        "{msg} {wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left"
    } else {
        "{msg} {spinner} {decimal_bytes}, {decimal_bytes_per_sec}"
    };
    let style = ProgressStyle::with_template(template).expect("the templates above are valid");
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let bar = bar.with_style(style).with_message(name.to_owned()).with_position(position);
    bar.reset_eta();
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_speed_from_where_the_download_resumed() {
        let mut meter = Meter::new("x.gz", 100_000_000, Some(170_000_000));
        meter.advance(20_000_000);
        let line = meter.line(Duration::from_secs(10));
        assert_eq!(line, "x.gz: 120 MB of 170 MB, 2.00 MB/s, 25 s left");
    }
}
