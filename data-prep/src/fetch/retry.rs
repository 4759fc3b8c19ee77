//! The retry policy.
//!
//! *Invariant:* a permanent failure is not retried, and nothing is retried forever.

use crate::fetch::failure::Failure;
use crate::fetch::pace::Pace;
use crate::fetch::progress::say;
use std::time::{Duration, Instant};

/// How long to wait for a server, and how often to retry.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Attempts without progress before giving up.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles before each further one.
    pub first_pause: Duration,
    /// Once attempts without progress have taken this long, no further one is begun.
    pub vain: Duration,
    /// The time limit for resolving a name, for connecting, and for the start of the response.
    pub answer: Duration,
    /// The time limit between two bytes.
    pub stall: Duration,
    /// The minimum speed of a transfer.
    pub pace: Pace,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        // A dead address costs two waits for a response and the pause between them: half a minute before the
        // next source is tried.
        Self {
            attempts: 5,
            first_pause: seconds(1),
            vain: seconds(20),
            answer: seconds(14),
            stall: seconds(30),
            pace: Pace::ORDINARY,
        }
    }
}

/// The number of new bytes that resets the count of attempts.
const PROGRESS_BYTES: u64 = 1 << 16;

impl RetryPolicy {
    /// Makes attempts until one succeeds, one fails permanently, or too many in a row make no progress.
    /// `done` returns the number of bytes so far.
    ///
    /// # Errors
    /// That of the last attempt.
    pub fn run<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T, Failure>,
        done: impl Fn() -> u64,
    ) -> anyhow::Result<T> {
        let (mut failures, mut furthest) = (0, done());
        let begun = Instant::now();
        let mut vain = Duration::ZERO;
        loop {
            let attempted = Instant::now();
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(Failure::Permanent(error)) => return Err(error),
                Err(Failure::Transient(error)) => error,
            };
            if done() >= furthest + PROGRESS_BYTES {
                (failures, furthest, vain) = (0, done(), Duration::ZERO);
            } else {
                vain += attempted.elapsed();
            }
            failures += 1;
            let pause = self.first_pause * 2_u32.saturating_pow(failures - 1);
            vain += pause;
            if failures >= self.attempts || vain > self.vain || begun.elapsed() >= self.pace.total {
                let (attempts, taken) = (if failures == 1 { "attempt" } else { "attempts" }, begun.elapsed());
                return Err(error.context(format!("gave up after {failures} {attempts} and {taken:.0?}")));
            }
            say(format_args!("{error:#}; trying again in {pause:?}"));
            std::thread::sleep(pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;
    use std::cell::Cell;

    const HASTY: RetryPolicy = RetryPolicy {
        attempts: 3,
        first_pause: Duration::from_millis(1),
        vain: Duration::from_secs(10),
        answer: Duration::from_secs(1),
        stall: Duration::from_secs(1),
        pace: Pace::ORDINARY,
    };

    #[test]
    fn attempts_end_when_they_bring_nothing_new() {
        let (attempts, bytes) = (Cell::new(0), Cell::new(0));
        let run = |growing: u32| {
            attempts.set(0);
            let attempt = || {
                attempts.set(attempts.get() + 1);
                if attempts.get() <= growing {
                    bytes.set(bytes.get() + PROGRESS_BYTES);
                }
                Err::<(), _>(Failure::Transient(anyhow!("dropped")))
            };
            let message = format!("{:#}", HASTY.run(attempt, || bytes.get()).unwrap_err());
            assert!(message.contains("3 attempts and") && message.ends_with(": dropped"), "{message}");
            attempts.get()
        };
        assert_eq!(run(0), 3);
        // The tenth attempt is the last one with progress, and the first of three without.
        assert_eq!(run(10), 12);
    }

    #[test]
    fn attempts_in_vain_end_when_they_have_taken_long_enough() {
        let patience = RetryPolicy { attempts: 100, vain: Duration::from_millis(40), ..HASTY };
        let attempts = Cell::new(0);
        let attempt = || {
            attempts.set(attempts.get() + 1);
            std::thread::sleep(Duration::from_millis(15));
            Err::<(), _>(Failure::Transient(anyhow!("silent")))
        };
        assert!(patience.run(attempt, || 0).is_err());
        assert!(attempts.get() <= 3, "{} attempts", attempts.get());
        // With the default policy, a last attempt begins before `vain` is over.
        let RetryPolicy { vain, answer, first_pause, .. } = RetryPolicy::default();
        assert!(answer <= vain && 2 * answer + first_pause > vain, "two attempts, and no third");
        assert!(2 * answer + first_pause <= Duration::from_secs(30));
    }
}
