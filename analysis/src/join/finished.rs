//! The finished runs under study, on which every cell, pair and layer table rests.
//!
//! *Invariant:* each finished run has the last of its planned epochs, and the order is that of the runs.

use crate::runs::plan::Plan;
use crate::runs::run::Run;
use artifacts::run::EpochRow;

/// A finished run under study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finished<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its last epoch.
    pub last: &'a EpochRow,
}

impl Finished<'_> {
    /// Returns the test accuracy after the last epoch, the number that counts.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.last.test_accuracy
    }
}

/// Returns the runs that are finished and under study.
#[must_use]
pub fn finished<'a>(runs: impl IntoIterator<Item = &'a Run>, plan: Option<&Plan>) -> Vec<Finished<'a>> {
    let done = runs.into_iter().filter(|run| run.is_done() && run.is_studied(plan));
    done.filter_map(|run| Some(Finished { run, last: run.last_epoch()? })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::made_up::{configuration, done, imported, plan, run};
    use artifacts::run::Status;
    use network::Arm;

    #[test]
    fn only_runs_that_are_done_count_whatever_else_is_there() {
        let at = |seed| configuration(8, Arm::ORIGINAL, seed);
        // All of its epochs are there, but its status does not say that it is done.
        let ended = run(&at(1), Status::Running, 3, 0.9);
        let diverged = run(&at(2), Status::Diverged, 2, 0.1);
        let interrupted = run(&at(3), Status::Interrupted, 0, 0.1);
        let short = run(&at(4), Status::Done, 2, 0.8);
        let runs = [done(&at(5), 0.7), ended, diverged, interrupted, short, done(&at(0), 0.6)];
        let found: Vec<f64> = finished(&runs, None).iter().map(Finished::accuracy).collect();
        assert_eq!(found, [0.7, 0.6], "in the order of the runs");
    }

    #[test]
    fn of_a_plan_the_planned_and_the_imported_ones_are_under_study() {
        let planned = configuration(8, Arm::ORIGINAL, 0);
        let runs = [
            done(&planned, 0.9),
            done(&configuration(8, Arm::ORIGINAL, 1), 0.8),
            imported(done(&configuration(8, Arm::PUBLISHED_ORIGINAL, 0), 0.7)),
        ];
        let plan = plan(&[planned]);
        let found: Vec<f64> = finished(&runs, Some(&plan)).iter().map(Finished::accuracy).collect();
        assert_eq!(found, [0.9, 0.7]);
        assert_eq!(finished(&runs, None).len(), 3);
    }
}
