//! The progress of a sweep, and its expected end.
//!
//! *Invariant:* the time left follows the pace of the last minutes, and before there is one, the expected
//! pace.

use artifacts::clock::time_after;
use indicatif::{HumanDuration, ProgressBar};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The expectation weighs as much as this much observed time.
const TRUSTED: Duration = Duration::from_mins(1);
/// What was observed a tenth of the sweep ago, but at least and at most this long ago, weighs 1/e of what is
/// observed now.
const REMEMBERED: [Duration; 2] = [Duration::from_secs(10), Duration::from_mins(5)];

/// The work of a sweep, in seconds as expected before it began.
#[derive(Debug)]
pub(super) struct Tally {
    /// The expected duration until all runs have ended, as estimated before the first began, for each second
    /// that is expected of a run.
    whole_per_second: f64,
    /// The expected seconds of each run that was left.
    expected: BTreeMap<String, f64>,
    /// The expected seconds of the runs that are not trained here, or not any more.
    elsewhere: BTreeMap<String, f64>,
    /// The fraction of each run that is done.
    done: BTreeMap<String, f64>,
    /// The expected seconds of all runs, and of what is done of them: kept, because every update asks.
    all_seconds: f64,
    done_seconds: f64,
    pace: Pace,
    pub(super) bar: Option<ProgressBar>,
}

/// The time that work took and the time that was expected for it, both in seconds and fading with their age.
#[derive(Debug, Clone, Copy)]
struct Pace {
    at: Instant,
    /// The fraction of the sweep that was done then.
    share: f64,
    took: f64,
    expected: f64,
}

impl Tally {
    /// Begins a sweep of the runs that have an expected time.
    pub(super) fn new(
        now: Instant,
        whole: Duration,
        expected: BTreeMap<String, f64>,
        bar: Option<ProgressBar>,
    ) -> Self {
        // In the first moments, while a GPU's libraries still choose their kernels, there is little to
        // measure, so it is as if some time had passed as expected.
        let trusted = TRUSTED.as_secs_f64().min(whole.as_secs_f64() / 10.0).max(f64::MIN_POSITIVE);
        let pace = Pace { at: now, share: 0.0, took: trusted, expected: trusted };
        let all_seconds: f64 = expected.values().sum();
        let whole_per_second = if all_seconds > 0.0 { whole.as_secs_f64() / all_seconds } else { 1.0 };
        let (elsewhere, done) = (BTreeMap::new(), BTreeMap::new());
        Self { whole_per_second, expected, elsewhere, done, all_seconds, done_seconds: 0.0, pace, bar }
    }

    /// Records the fraction of a run that is done; a run that was not expected is not counted, and one that
    /// was forgotten counts again.
    pub(super) fn report(&mut self, now: Instant, run: &str, share: f64) {
        if let Some(seconds) = self.elsewhere.remove(run) {
            self.expected.insert(run.to_owned(), seconds);
            self.add_up();
        }
        let Some(expected) = self.expected.get(run) else { return };
        let before = self.done.insert(run.to_owned(), share).unwrap_or(0.0);
        self.done_seconds += expected * (share - before);
        self.pace = self.pace_at(now);
    }

    /// Records that a run has ended. One of which nothing was trained here was finished by another process.
    pub(super) fn end(&mut self, now: Instant, run: &str) {
        if self.done.contains_key(run) { self.report(now, run, 1.0) } else { self.forget(now, run) }
    }

    /// Takes a run out of the sweep: another process trains it, it failed, or it diverged. That says nothing
    /// about the pace of the others.
    pub(super) fn forget(&mut self, now: Instant, run: &str) {
        let Some(seconds) = self.expected.remove(run) else { return };
        self.pace = self.pace_at(now);
        self.elsewhere.insert(run.to_owned(), seconds);
        self.done.remove(run);
        self.add_up();
    }

    /// Adds up the expected seconds anew, after a run came or went.
    fn add_up(&mut self) {
        self.all_seconds = self.expected.values().sum();
        self.done_seconds = self.done.iter().map(|(run, share)| share * self.expected[run]).sum();
        self.pace.share = self.share();
    }

    /// Returns the expected duration until all runs have ended, in seconds.
    fn whole(&self) -> f64 {
        self.whole_per_second * self.all_seconds
    }

    /// Returns the fraction of the sweep that is done.
    pub(super) fn share(&self) -> f64 {
        self.done_seconds / self.all_seconds.max(f64::MIN_POSITIVE)
    }

    fn pace_at(&self, now: Instant) -> Pace {
        let (before, share) = (self.pace, self.share());
        let passed = now.saturating_duration_since(before.at).as_secs_f64();
        let [least, most] = REMEMBERED;
        let remembered = (self.whole() / 10.0).clamp(least.as_secs_f64(), most.as_secs_f64());
        let kept = (-passed / remembered).exp();
        let done = (share - before.share).max(0.0) * self.whole();
        Pace { at: now, share, took: kept * before.took + passed, expected: kept * before.expected + done }
    }

    /// Estimates the time left at the pace of the last minutes, which covers everything that differs from the
    /// expectation, and work beside the sweep that begins or ends.
    pub(super) fn remaining(&self, now: Instant) -> Duration {
        let Pace { share, took, expected, .. } = self.pace_at(now);
        let left = self.whole() * (1.0 - share).max(0.0);
        Duration::try_from_secs_f64(left * took / expected.max(f64::MIN_POSITIVE)).unwrap_or(Duration::MAX)
    }

    /// Describes the fraction done, the time left, and the time of day of the end.
    pub(super) fn summary(&self) -> String {
        format!("sweep {:.0} %, {}", 100.0 * self.share(), self.until())
    }

    /// Describes the end alone.
    pub(super) fn until(&self) -> String {
        let left = self.remaining(Instant::now());
        format!("ends {}, {} left", time_after(left), HumanDuration(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sweep of two runs that were expected to take 30 and 10 seconds for each of these seconds.
    fn two_runs(start: Instant, seconds: u64) -> Tally {
        let expected = [("a", 30.0), ("b", 10.0)].map(|(run, share)| (run.to_owned(), share));
        Tally::new(start, Duration::from_secs(40 * seconds), BTreeMap::from(expected), None)
    }

    fn near(found: Duration, seconds: f64) -> bool {
        (found.as_secs_f64() / seconds - 1.0).abs() < 0.05
    }

    #[test]
    fn what_is_left_of_a_sweep_follows_the_measured_pace() {
        let start = Instant::now();
        let mut tally = two_runs(start, 1);
        assert_eq!(tally.remaining(start), Duration::from_secs(40));
        // Four seconds are trusted, which have faded a little, and nothing is done yet.
        let trusted = 4.0 * (-0.2_f64).exp();
        let left = tally.remaining(start + Duration::from_secs(2));
        assert!(near(left, 40.0 * (trusted + 2.0) / trusted), "{left:?}");
        tally.report(start, "somebody else's", 1.0);
        tally.report(start + Duration::from_secs(25), "a", 0.5);
        assert!((tally.share() - 0.375).abs() < 1e-12);
        // 15 of 40 seconds took 25.
        assert!(near(tally.remaining(start + Duration::from_secs(25)), 25.0 * 25.0 / 15.0));
        tally.report(start + Duration::from_secs(25), "b", 1.0);
        tally.report(start + Duration::from_secs(50), "a", 1.0);
        assert_eq!(tally.remaining(start + Duration::from_secs(50)), Duration::ZERO);
    }

    #[test]
    fn a_run_that_is_trained_elsewhere_counts_neither_as_work_nor_as_done() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut tally = two_runs(start, 1);
        tally.forget(start, "a");
        assert_eq!((tally.share(), tally.remaining(start)), (0.0, Duration::from_secs(10)));
        tally.report(at(5), "b", 0.5);
        assert!(near(tally.remaining(at(5)), 5.0), "{:?}", tally.remaining(at(5)));
        // Another process left it, and it is trained here after all.
        tally.report(at(5), "a", 0.0);
        assert!(near(tally.remaining(at(5)), 35.0), "{:?}", tally.remaining(at(5)));
        // It fails half-way, at the expected pace.
        tally.report(at(20), "a", 0.5);
        tally.forget(at(20), "a");
        assert!(near(tally.remaining(at(20)), 5.0), "{:?}", tally.remaining(at(20)));
        // What is found finished when its turn comes was not done in an instant.
        let mut tally = two_runs(start, 1);
        tally.end(start, "a");
        assert_eq!((tally.share(), tally.remaining(start)), (0.0, Duration::from_secs(10)));
        tally.report(at(10), "b", 0.5);
        tally.end(at(10), "b");
        assert_eq!((tally.share(), tally.remaining(at(10))), (1.0, Duration::ZERO));
        // Sums that round: when nothing is left, and a run comes back, it takes as long as it was to take.
        let expected = ["a", "b", "c"].map(str::to_owned).into_iter().zip([12.3, 45.6, 78.9]).collect();
        let mut tally = Tally::new(start, Duration::from_secs(68), expected, None);
        for run in ["c", "a", "b"] {
            tally.forget(start, run);
        }
        assert_eq!(tally.remaining(start), Duration::ZERO);
        tally.report(start, "a", 0.0);
        let left = tally.remaining(start);
        assert!(near(left, 68.0 * 12.3 / 136.8), "{left:?}");
    }

    #[test]
    fn what_began_or_ended_beside_a_sweep_is_forgotten_within_minutes() {
        let start = Instant::now();
        let mut tally = two_runs(start, 1_000);
        // A tenth is done as expected, in 4,000 seconds; a hundredth then takes four times as long.
        for step in 1..=100 {
            tally.report(start + Duration::from_secs(40 * step), "a", 0.1 * step as f64 / 75.0);
        }
        let quiet = start + Duration::from_secs(4_000);
        assert!(near(tally.remaining(quiet), 36_000.0), "{:?}", tally.remaining(quiet));
        for step in 1..=40 {
            let share = 0.1 / 0.75 + 0.01 * step as f64 / 40.0 / 0.75;
            tally.report(quiet + Duration::from_secs(40 * step), "a", share);
        }
        let disturbed = quiet + Duration::from_secs(1_600);
        assert!(near(tally.remaining(disturbed), 4.0 * 35_600.0), "{:?}", tally.remaining(disturbed));
    }

    #[test]
    fn an_end_has_a_time_of_day_and_one_beyond_all_clocks_ends_nothing() {
        let tally = |whole| Tally::new(Instant::now(), whole, BTreeMap::from([("a".to_owned(), 1.0)]), None);
        let said = tally(Duration::from_mins(1)).summary();
        assert!(
            said.starts_with("sweep 0 %, ") && said.contains("ends ") && said.ends_with(" left"),
            "{said}"
        );
        assert!(tally(Duration::MAX).summary().contains("ends in years"));
    }
}
