//! The table of epochs: every epoch of the runs under study, with the key of its run.
//!
//! *Invariant:* rows follow the order of the runs, and within a run the epoch number; unfinished runs have
//! the epochs that ended.

use crate::runs::plan::Plan;
use crate::runs::run::Run;
use artifacts::run::EpochRow;
use artifacts::study::StudyEpochRow;

/// Returns one row per epoch.
#[must_use]
pub fn rows(runs: &[&Run], plan: Option<&Plan>) -> Vec<StudyEpochRow> {
    let studied: Vec<&Run> = runs.iter().copied().filter(|run| run.is_studied(plan)).collect();
    // There are many more epochs than runs, so memory for all of them is allocated at once.
    let mut rows = Vec::with_capacity(studied.iter().map(|run| run.epochs.len()).sum());
    for run in studied {
        let recipe = run.recipe();
        rows.extend(run.epochs.iter().map(|epoch| row(run, &recipe, epoch)));
    }
    rows
}

fn row(run: &Run, recipe: &str, epoch: &EpochRow) -> StudyEpochRow {
    let of = &run.record.configuration;
    StudyEpochRow {
        run: run.record.name.clone(),
        recipe: recipe.to_owned(),
        rankscale: of.rankscale as u32,
        decay: of.decay.to_string(),
        seed: of.seed,
        lambda: of.lambda,
        epoch: epoch.epoch,
        learning_rate: epoch.learning_rate,
        train_loss: epoch.train_loss,
        train_accuracy: epoch.train_accuracy,
        test_loss: epoch.test_loss,
        test_accuracy: epoch.test_accuracy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::made_up::{configuration, done, imported, plan, run};
    use artifacts::run::Status;
    use network::Arm;

    #[test]
    fn every_epoch_of_the_runs_under_study_is_there_finished_or_not() {
        let planned = configuration(8, Arm::ORIGINAL, 0);
        let diverged = run(&planned, Status::Diverged, 2, 0.1);
        let unplanned = done(&configuration(8, Arm::ORIGINAL, 1), 0.9);
        let notebook = imported(done(&configuration(8, Arm::PUBLISHED_ORIGINAL, 0), 0.8));
        let runs = [&diverged, &unplanned, &notebook];
        let found = |plan: Option<&Plan>| {
            let rows = rows(&runs, plan);
            rows.into_iter().map(|row| (row.decay, row.seed, row.epoch)).collect::<Vec<_>>()
        };
        let name = |decay: &str| decay.to_owned();
        let studied =
            [(name("original"), 0, 1), (name("original"), 0, 2), (name("published-original"), 0, 3)];
        assert_eq!(found(Some(&plan(&[planned]))), studied);
        assert_eq!(found(None).len(), 2 + 3 + 1);
    }

    #[test]
    fn what_an_epoch_did_not_record_stays_unknown() {
        let mut known = done(&configuration(8, Arm::ORIGINAL, 0), 0.9);
        known.epochs[1].test_loss = Some(1.5);
        let rows = rows(&[&known], None);
        assert_eq!((rows[0].test_loss, rows[1].test_loss, rows[1].train_loss), (None, Some(1.5), None));
        assert_eq!((rows[0].run.as_str(), &rows[0].recipe), (known.record.name.as_str(), &known.recipe()));
    }
}
