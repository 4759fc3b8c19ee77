//! The ledger: what became of every planned run and of everything in the directory of runs.
//!
//! *Invariant:* every planned run, every readable run and everything that was set aside has a row; planned
//! runs come first, in the order of the plan, then the rest by name.

use crate::join::spent;
use crate::runs::collect::Quarantined;
use crate::runs::plan::Plan;
use crate::runs::run::Run;
use artifacts::Configuration;
use artifacts::run::Status;
use artifacts::study::LedgerRow;
use artifacts::study::State;
use std::collections::{HashMap, HashSet};

/// A run of the plan.
struct Planned {
    /// The position of the run in the plan.
    place: usize,
    /// A hash of the configuration alone, without the images, because a plan does not know them.
    identity: String,
    /// The run's name on the images, or its readable part if the images are unknown.
    name: String,
    epochs: u32,
}

/// Returns the whole ledger. `fingerprint` is that of the images on which a planned run would be trained, if
/// known.
#[must_use]
pub fn ledger(
    runs: &[Run],
    quarantined: &[Quarantined],
    plan: Option<&Plan>,
    fingerprint: Option<&str>,
) -> Vec<LedgerRow> {
    let resume = plan.map(Plan::command).unwrap_or_default();
    let planned = planned(plan, fingerprint);
    let by_identity = grouped(&planned, |planned| &planned.identity);
    let by_name = grouped(&planned, |planned| &planned.name);
    let identities: Vec<String> = runs.iter().map(|run| run.record.configuration.identity("")).collect();
    let readable: HashSet<&str> = identities.iter().map(String::as_str).collect();
    let set_aside: HashSet<&str> = quarantined.iter().map(|broken| broken.name.as_str()).collect();

    let mut rows: Vec<(Option<&Planned>, LedgerRow)> = Vec::new();
    for (run, identity) in runs.iter().zip(&identities) {
        rows.extend(places(&by_identity, identity).map(|place| (place, present(run, place, &resume))));
    }
    for broken in quarantined {
        rows.extend(places(&by_name, &broken.name).map(|place| (place, unusable(broken, place))));
    }
    let there = |run: &Planned| readable.contains(&*run.identity) || set_aside.contains(&*run.name);
    let missing = planned.iter().filter(|run| !there(run));
    rows.extend(missing.map(|run| (Some(run), never_started(run, &resume))));

    let key = |(planned, row): &(Option<&Planned>, LedgerRow)| {
        (planned.map_or(usize::MAX, |planned| planned.place), row.run.clone())
    };
    rows.sort_by_cached_key(key);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Lists the planned runs, each under its name on these images.
fn planned(plan: Option<&Plan>, fingerprint: Option<&str>) -> Vec<Planned> {
    let runs = plan.map_or(&[][..], |plan| &plan.experiment().runs);
    let one = |(place, run): (usize, &Configuration)| Planned {
        place,
        identity: run.identity(""),
        name: fingerprint.map_or_else(|| readable_name(run), |data| run.run_name(data)),
        epochs: run.recipe.epochs as u32,
    };
    runs.iter().enumerate().map(one).collect()
}

/// Returns the part of a run's name that does not depend on the images.
fn readable_name(configuration: &Configuration) -> String {
    let name = configuration.run_name("");
    name.rsplit_once('-').map_or_else(|| name.clone(), |(readable, _)| readable.to_owned())
}

type Groups<'a> = HashMap<&'a str, Vec<&'a Planned>>;

fn grouped<'a>(planned: &'a [Planned], key: impl Fn(&'a Planned) -> &'a String) -> Groups<'a> {
    let mut groups = Groups::new();
    for run in planned {
        groups.entry(key(run)).or_default().push(run);
    }
    groups
}

/// Yields each run that the plan has under this key, or `None` once if it has none.
fn places<'a>(groups: &Groups<'a>, key: &str) -> impl Iterator<Item = Option<&'a Planned>> {
    let found: Vec<Option<&Planned>> =
        groups.get(key).map_or_else(|| vec![None], |list| list.iter().copied().map(Some).collect());
    found.into_iter()
}

fn present(run: &Run, planned: Option<&Planned>, resume: &str) -> LedgerRow {
    let (done, of) = (spent::epochs_done(&run.epochs), run.record.configuration.recipe.epochs);
    let resume = planned.map_or("`just train` and the keys it was started with", |_| resume);
    let reason = match run.record.status {
        Status::Done => String::new(),
        Status::Diverged => format!(
            "the loss was no longer a finite number after {done} of {of} epochs; that is its result, it is not trained again"
        ),
        Status::Interrupted => format!("stopped after {done} of {of} epochs; resume with {resume}"),
        Status::Running => {
            format!("{done} of {of} epochs have ended; under way, or killed: then resume with {resume}")
        }
    };
    LedgerRow {
        run: run.record.name.clone(),
        state: run.record.status.into(),
        planned: planned.is_some(),
        epochs_done: done,
        epochs: of as u32,
        reason,
    }
}

fn unusable(broken: &Quarantined, planned: Option<&Planned>) -> LedgerRow {
    LedgerRow {
        run: broken.name.clone(),
        state: State::Quarantined,
        planned: planned.is_some(),
        epochs_done: 0,
        epochs: planned.map_or(0, |planned| planned.epochs),
        reason: broken.reason.clone(),
    }
}

fn never_started(planned: &Planned, resume: &str) -> LedgerRow {
    LedgerRow {
        run: planned.name.clone(),
        state: State::Missing,
        planned: true,
        epochs_done: 0,
        epochs: planned.epochs,
        reason: format!("never started; train it with {resume}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::made_up::{by_name, configuration, done, imported, on_images, plan, run};
    use network::Arm;

    fn broken(name: &str) -> Quarantined {
        Quarantined { name: name.into(), reason: "half a file".into() }
    }

    fn short(rows: &[LedgerRow]) -> Vec<(&str, bool, u32, u32)> {
        rows.iter().map(|row| (row.state.name(), row.planned, row.epochs_done, row.epochs)).collect()
    }

    #[test]
    fn without_a_plan_everything_is_there_by_name() {
        let runs = [
            run(&configuration(2, Arm::ORIGINAL, 0), Status::Interrupted, 1, 0.1),
            imported(done(&configuration(8, Arm::PUBLISHED_ORIGINAL, 0), 0.9)),
        ];
        let rows = ledger(&runs, &[broken("a"), broken("z")], None, None);
        let expected = [
            ("quarantined", false, 0, 0),
            ("interrupted", false, 1, 3),
            ("done", false, 3, 3),
            ("quarantined", false, 0, 0),
        ];
        assert_eq!(short(&rows), expected);
        assert_eq!(
            rows[1].reason,
            "stopped after 1 of 3 epochs; resume with `just train` and the keys it was started with"
        );
        assert_eq!((rows[0].reason.as_str(), rows[2].reason.as_str()), ("half a file", ""));
    }

    #[test]
    fn planned_runs_come_first_in_the_order_of_the_plan() {
        let configurations: Vec<_> = (0..5).map(|seed| configuration(8, Arm::ORIGINAL, 4 - seed)).collect();
        let plan = plan(&configurations);
        let runs = by_name(vec![
            done(&configuration(2, Arm::ORIGINAL, 0), 0.9),
            done(&configurations[0], 0.9),
            run(&configurations[1], Status::Diverged, 2, 0.1),
            run(&configurations[2], Status::Running, 0, 0.1),
        ]);
        let lost = [broken(&configurations[3].run_name("data")), broken("copy")];
        let rows = ledger(&runs, &lost, Some(&plan), Some("data"));
        let expected = [
            ("done", true, 3, 3),
            ("diverged", true, 2, 3),
            ("running", true, 0, 3),
            ("quarantined", true, 0, 3),
            ("missing", true, 0, 3),
            ("quarantined", false, 0, 0),
            ("done", false, 3, 3),
        ];
        assert_eq!(short(&rows), expected);
        assert!(rows[..5].iter().zip(&configurations).all(|(row, of)| row.run == of.run_name("data")));
        assert!(rows[1].reason.contains("after 2 of 3 epochs; that is its result"), "{}", rows[1].reason);
        assert!(
            rows[2].reason.ends_with("killed: then resume with `just sweep EXPERIMENT=made-up`"),
            "{}",
            rows[2].reason
        );
        assert_eq!(rows[4].reason, "never started; train it with `just sweep EXPERIMENT=made-up`");
    }

    #[test]
    fn a_plan_without_images_knows_half_of_a_runs_name() {
        let rows = ledger(&[], &[], Some(&plan(&[configuration(8, Arm::ORIGINAL, 0)])), None);
        assert_eq!((rows[0].run.as_str(), rows[0].state.name()), ("r08-original-s0", "missing"));
    }

    #[test]
    fn one_planned_run_may_be_there_on_two_sets_of_images() {
        let of = configuration(8, Arm::ORIGINAL, 0);
        let runs = by_name(vec![done(&of, 0.9), on_images("others", done(&of, 0.8))]);
        let rows = ledger(&runs, &[], Some(&plan(&[of])), Some("data"));
        assert_eq!(short(&rows), [("done", true, 3, 3); 2]);
        assert!(rows[0].run < rows[1].run);
    }

    #[test]
    fn a_run_that_is_planned_twice_has_two_rows() {
        let of = configuration(8, Arm::ORIGINAL, 0);
        let plan = plan(&[of.clone(), configuration(2, Arm::ORIGINAL, 0), of.clone()]);
        let states = |runs: &[Run], lost: &[Quarantined]| {
            let rows = ledger(runs, lost, Some(&plan), Some("data"));
            rows.into_iter().map(|row| row.state.name()).collect::<Vec<_>>()
        };
        assert_eq!(states(&[done(&of, 0.9)], &[]), ["done", "missing", "done"]);
        assert_eq!(states(&[], &[broken(&of.run_name("data"))]), ["quarantined", "missing", "quarantined"]);
    }
}
