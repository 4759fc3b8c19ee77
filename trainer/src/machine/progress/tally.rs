//! The progress of a sweep, and its expected end.
//!
//! *Invariant:* the time left follows the measured pace, and before there is one, the expected pace.

use artifacts::clock::time_after;
use indicatif::{HumanDuration, ProgressBar};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The expectation weighs as much as this much observed time.
const TRUSTED: Duration = Duration::from_mins(1);

/// The work of a sweep, in seconds as expected before it began.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) start: Instant,
    /// The expected duration until all runs have ended, as estimated before the first began.
    pub(super) whole: Duration,
    /// The expected seconds of each run that was left.
    pub(super) expected: BTreeMap<String, f64>,
    /// The fraction of each run that is done.
    pub(super) done: BTreeMap<String, f64>,
    pub(super) bar: Option<ProgressBar>,
}

impl Tally {
    pub(super) fn share(&self) -> f64 {
        // Summed from 0.0, because the sum of an empty iterator is -0.
        let done = self.done.iter().fold(0.0, |done, (run, share)| done + self.expected[run] * share);
        done / self.expected.values().sum::<f64>().max(f64::MIN_POSITIVE)
    }

    /// Estimates the time left at the measured pace, which covers everything that differs from the
    /// expectation. In the first moments, while a GPU's libraries still choose their kernels, there is little
    /// to measure, so the expectation is weighted as if [`TRUSTED`] had passed as expected.
    pub(super) fn remaining(&self, elapsed: Duration) -> Duration {
        let whole = self.whole.as_secs_f64().max(f64::MIN_POSITIVE);
        let trusted = TRUSTED.as_secs_f64().min(whole / 10.0);
        let share = self.share();
        let pace = (elapsed.as_secs_f64() + trusted) / (share + trusted / whole);
        Duration::try_from_secs_f64(pace * (1.0 - share).max(0.0)).unwrap_or(Duration::MAX)
    }

    /// Describes the fraction done, the time left, and the time of day of the end.
    pub(super) fn summary(&self) -> String {
        format!("sweep {:.0} %, {}", 100.0 * self.share(), self.end())
    }

    /// Describes the end alone.
    pub(super) fn end(&self) -> String {
        let left = self.remaining(self.start.elapsed());
        format!("ends {}, {} left", time_after(left), HumanDuration(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_sweep_follows_the_measured_pace() {
        let expected = BTreeMap::from([("a".to_owned(), 30.0), ("b".to_owned(), 10.0)]);
        let done = BTreeMap::from([("a".to_owned(), 0.5), ("b".to_owned(), 0.5)]);
        let (start, whole) = (Instant::now(), Duration::from_secs(40));
        let tally = Tally { start, whole, expected, done, bar: None };
        assert!((tally.share() - 0.5).abs() < 1e-12);
        // The first half was expected to take 20 seconds, of which 4 are trusted; it took 50.
        assert_eq!(tally.remaining(Duration::from_secs(50)), Duration::from_secs(45));
        let begun = Tally { start, whole, expected: tally.expected, done: BTreeMap::new(), bar: None };
        assert_eq!(begun.remaining(Duration::from_secs(2)), Duration::from_mins(1));
    }

    #[test]
    fn an_end_has_a_time_of_day_and_one_beyond_all_clocks_ends_nothing() {
        let tally = |whole| Tally {
            start: Instant::now(),
            whole,
            expected: BTreeMap::from([("a".to_owned(), 1.0)]),
            done: BTreeMap::new(),
            bar: None,
        };
        let said = tally(Duration::from_mins(1)).summary();
        assert!(
            said.starts_with("sweep 0 %, ") && said.contains("ends ") && said.ends_with(" left"),
            "{said}"
        );
        assert!(tally(Duration::MAX).summary().contains("ends in years"));
    }
}
