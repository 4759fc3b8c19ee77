//! A Slurm job that was asked to stop: whether it is requeued.
//!
//! Slurm warns a job before its time limit and before preemption by the same SIGTERM that cancels it. So
//! Slurm is asked for the state of the job: a job that is still running was warned, and this program requeues
//! it, because not every cluster does so by itself. A warning late in the job's time is a time-out; an
//! earlier one is a preemption. (The rule is that of submitit.)
//!
//! *Invariant:* a cancelled job is not requeued, and neither is one whose last [`MOST_TIMEOUTS`] time limits
//! were too short for a single epoch.

use crate::machine::command::answer;
use crate::machine::progress::Screen;
use crate::machine::stop::{Stop, TERMINATED};
use crate::sweep::ELSEWHERE;
use artifacts::atomic;
use artifacts::reading::is_there;
use fs_err as fs;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The exit code of a job that is to continue later; a cluster with `RequeueExit=85` requeues it because of
/// that code alone.
pub const AGAIN: u8 = 85;

/// The number of consecutive time-outs without a finished epoch after which a job gives up.
pub const MOST_TIMEOUTS: usize = 3;

/// The Slurm job that this process belongs to.
#[derive(Debug, Clone)]
pub struct Job {
    id: String,
    counts: PathBuf,
}

/// Slurm's description of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Queued {
    state: String,
    used_seconds: Option<u64>,
    limit_seconds: Option<u64>,
}

/// What a job that was asked to stop does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Slurm is ending the job, or has already requeued it.
    End,
    /// The job is requeued, after so many consecutive time-outs without an epoch.
    Again(usize),
    /// The job gives up, because it would never finish an epoch.
    GiveUp,
}

impl Job {
    /// Returns the job that this process belongs to, which keeps its count of time-outs in the directory
    /// `counts`; `None` outside of Slurm.
    #[must_use]
    pub fn here(counts: &Path) -> Option<Self> {
        let word = |name: &str| env::var(name).ok();
        let element = word("SLURM_ARRAY_JOB_ID").zip(word("SLURM_ARRAY_TASK_ID"));
        // An array element also has a job id of its own, by which it cannot be requeued before it has
        // started.
        let id = element.map(|(array, task)| format!("{array}_{task}")).or_else(|| word("SLURM_JOB_ID"))?;
        Some(Self { id, counts: counts.to_owned() })
    }

    /// Returns the exit code of this job after its sweep.
    ///
    /// # Errors
    /// Those of a sweep that was not stopped by a SIGTERM, or the count cannot be written.
    pub fn ended(
        &self,
        sweep: anyhow::Result<Option<u8>>,
        stop: &Stop,
        screen: &Screen,
    ) -> anyhow::Result<Option<u8>> {
        if stop.exit_code() != Some(TERMINATED) {
            // A job that leaves the remaining runs to other processes has not failed.
            return sweep.map(|code| code.filter(|&code| code != ELSEWHERE));
        }
        // The failed runs are retried with the others.
        if let Err(error) = sweep {
            screen.say(&format!("{error:#}"));
        }
        let queued = self.queued();
        match next(queued.as_ref(), [screen.begun(), screen.epochs()], self.timeouts()) {
            Next::End => Ok(Some(TERMINATED)),
            Next::GiveUp => {
                self.count(0)?;
                screen.say(&format!(
                    "job {}: {MOST_TIMEOUTS} time-outs in a row without a finished epoch: it is not put back into the queue; \
                     submit it with a longer TIME",
                    self.id
                ));
                Ok(Some(1))
            }
            Next::Again(timeouts) if queued.is_none() => {
                self.count(timeouts)?;
                screen.say(&format!(
                    "job {}: Slurm does not answer; it ends with {AGAIN}, to go on later",
                    self.id
                ));
                Ok(Some(AGAIN))
            }
            Next::Again(timeouts) => {
                self.count(timeouts)?;
                screen.say(&format!("job {}: back into the queue; it goes on from what is saved", self.id));
                if answer(Command::new("scontrol").args(["requeue", &self.id])).is_none() {
                    screen.say(&format!("job {}: `scontrol requeue` failed; it ends with {AGAIN}", self.id));
                }
                Ok(Some(AGAIN))
            }
        }
    }

    fn queued(&self) -> Option<Queued> {
        let line =
            answer(Command::new("squeue").args(["--noheader", "--format=%T|%M|%l", "--jobs", &self.id]))?;
        Queued::parse(&line)
    }

    fn count_path(&self) -> PathBuf {
        self.counts.join(format!("{}.timeouts", self.id))
    }

    fn timeouts(&self) -> usize {
        fs::read_to_string(self.count_path()).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    fn count(&self, timeouts: usize) -> anyhow::Result<()> {
        let path = self.count_path();
        if timeouts > 0 {
            atomic::write(&path, timeouts.to_string())?;
        } else if is_there(&path)? {
            atomic::remove(&path)?;
        }
        Ok(())
    }
}

impl Queued {
    /// Parses a line such as `RUNNING|1-02:03:04|UNLIMITED`.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.lines().next()?.split('|');
        let (state, used, limit) = (words.next()?, words.next()?, words.next()?);
        Some(Self { state: state.to_owned(), used_seconds: seconds(used), limit_seconds: seconds(limit) })
    }
}

/// Parses `[days-][[hours:]minutes:]seconds`; `None` for a word.
fn seconds(text: &str) -> Option<u64> {
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let days: u64 = days.parse().ok()?;
    let parts: Vec<u64> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    Some(days * 86_400 + parts.into_iter().fold(0, |sum, part| sum * 60 + part))
}

/// Decides what a job does that was asked to stop, given the runs that began and the epochs that ended in it,
/// and the consecutive time-outs without an epoch before it. Where Slurm does not answer (`queued` is
/// `None`), the warning may have been one of the time limit, and counts as one. A job that trained nothing,
/// because it waited for what other jobs train, has not had too little time for it.
fn next(queued: Option<&Queued>, [begun, epochs]: [usize; 2], timeouts: usize) -> Next {
    if queued.is_some_and(|queued| !["RUNNING", "SIGNALING"].contains(&queued.state.as_str())) {
        return Next::End;
    }
    let is_late = |queued: &Queued| {
        queued.limit_seconds.zip(queued.used_seconds).is_some_and(|(limit, used)| {
            // Four fifths of the time, or all but ten minutes of it, whichever is earlier.
            used >= (limit * 4 / 5).min(limit.saturating_sub(600))
        })
    };
    let timed_out = begun > 0 && queued.is_none_or(is_late);
    match (timed_out, epochs) {
        (true, 0) if timeouts + 1 >= MOST_TIMEOUTS => Next::GiveUp,
        (true, 0) => Next::Again(timeouts + 1),
        (false, 0) => Next::Again(timeouts),
        (_, _) => Next::Again(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(line: &str) -> Queued {
        Queued::parse(line).unwrap()
    }

    #[test]
    fn times_are_read_as_slurm_writes_them() {
        for (text, expected) in [
            ("0:45", Some(45)),
            ("1:00", Some(60)),
            ("2:03:04", Some(7384)),
            ("1-02:03:04", Some(93_784)),
            ("UNLIMITED", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn a_job_that_is_being_ended_stays_out() {
        for state in ["COMPLETING", "CANCELLED", "PENDING", "TIMEOUT"] {
            assert_eq!(next(Some(&queued(&format!("{state}|0:45|1:00"))), [1, 5], 0), Next::End);
        }
    }

    #[test]
    fn only_time_outs_without_an_epoch_are_counted() {
        let late = queued("RUNNING|3:55:00|4:00:00");
        // Without an answer of Slurm it may have been one.
        for late in [Some(&late), None] {
            assert_eq!(next(late, [1, 0], 0), Next::Again(1));
            assert_eq!(next(late, [1, 0], 1), Next::Again(2));
            assert_eq!(next(late, [1, 0], 2), Next::GiveUp);
            assert_eq!(next(late, [1, 1], 2), Next::Again(0));
            assert_eq!(next(late, [0, 0], 2), Next::Again(2), "it only waited for others");
        }
        // A preemption says nothing about the time limit.
        for early in ["RUNNING|1:00:00|4:00:00", "RUNNING|1:00:00|UNLIMITED"] {
            assert_eq!(next(Some(&queued(early)), [1, 0], 2), Next::Again(2));
        }
    }

    #[test]
    fn the_last_fifth_or_ten_minutes_of_a_job_are_its_end() {
        let timed_out = |line: &str| next(Some(&queued(line)), [1, 0], 0) == Next::Again(1);
        assert!(timed_out("RUNNING|3:12:00|4:00:00") && !timed_out("RUNNING|3:11:59|4:00:00"));
        assert!(timed_out("RUNNING|20:00|30:00") && !timed_out("RUNNING|19:59|30:00"));
        assert!(timed_out("RUNNING|0:10|1:00"));
    }

    #[test]
    fn a_count_is_kept_and_goes_with_the_first_epoch() {
        let root = tempfile::tempdir().unwrap();
        let job = Job { id: "7_3".to_owned(), counts: root.path().join("slurm") };
        assert_eq!(job.timeouts(), 0);
        job.count(2).unwrap();
        assert_eq!(job.timeouts(), 2);
        job.count(0).unwrap();
        assert_eq!((job.timeouts(), job.count_path().exists()), (0, false));
    }
}
