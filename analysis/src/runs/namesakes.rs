//! Sets aside runs whose arm shares its name with a different arm: tables identify arms by name, and would
//! pool them.
//!
//! *Invariant:* afterwards a name stands for one arm in all runs and in the plan.

use crate::runs::collect::{Collected, Quarantined};
use crate::runs::plan::Plan;
use artifacts::experiment::arms;
use network::Arm;

/// Sets aside runs whose arm differs from the plan's arm of the same name. For names that the plan does not
/// have, sets aside every run whose arm shares its name with the arm of another run.
#[must_use]
pub fn set_aside(collected: Collected, plan: Option<&Plan>) -> Collected {
    let Collected { runs, mut quarantined } = collected;
    let planned = plan.map_or_else(Vec::new, |plan| arms(&plan.experiment().runs));
    let found = arms(runs.iter().map(|run| &run.record.configuration));
    let first = |arm: Arm| {
        let other = found.iter().any(|&other| are_namesakes(other, arm));
        other.then(|| runs.iter().find(|run| are_namesakes(run.record.configuration.decay, arm)))?
    };
    let reasons: Vec<Option<String>> = runs
        .iter()
        .map(|run| {
            let arm = run.record.configuration.decay;
            match planned.iter().find(|planned| planned.name() == arm.name()) {
                Some(planned) if *planned == arm => None,
                Some(planned) => Some(reason(arm, *planned, "the experiment")),
                None => first(arm).map(|other| {
                    reason(arm, other.record.configuration.decay, &format!("the run {}", other.record.name))
                }),
            }
        })
        .collect();
    let mut kept = Vec::with_capacity(runs.len());
    for (run, reason) in runs.into_iter().zip(reasons) {
        match reason {
            Some(reason) => quarantined.push(Quarantined { name: run.record.name, reason }),
            None => kept.push(run),
        }
    }
    Collected { runs: kept, quarantined }
}

fn are_namesakes(one: Arm, other: Arm) -> bool {
    one.name() == other.name() && one != other
}

fn reason(arm: Arm, other: Arm, whose: &str) -> String {
    let [here, there] = [arm, other].map(|arm| arm.definition().sentence);
    format!(
        "run.json: its arm `{arm}` is another one than the arm of that name of {whose}, and two arms of one name are not compared: \
         here: {here} There: {there}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::made_up::{configuration, done, plan};
    use network::arm::Declaration;
    use network::decay::Strength;

    fn arm(factors: f64) -> Arm {
        let factors = Strength::Times(factors);
        Declaration { name: "weak".into(), factors, ..Arm::APPROPRIATE.into() }.arm().unwrap()
    }

    #[test]
    fn arms_of_one_name_are_not_pooled() {
        let of = [
            configuration(8, arm(0.5), 0),
            configuration(8, arm(0.25), 1),
            configuration(8, Arm::ORIGINAL, 0),
        ];
        let collected =
            || Collected { runs: of.iter().map(|of| done(of, 0.9)).collect(), quarantined: Vec::new() };
        let names = |collected: &Collected| {
            collected.runs.iter().map(|run| run.record.configuration.decay).collect::<Vec<_>>()
        };
        let without = set_aside(collected(), None);
        assert_eq!(names(&without), [Arm::ORIGINAL]);
        let reason = &without.quarantined[0].reason;
        for needle in [&*of[1].run_name("data"), "`weak`", "0.5 × λ", "0.25 × λ"] {
            assert!(reason.contains(needle), "{reason}");
        }
        let with = set_aside(collected(), Some(&plan(&of[1..])));
        assert_eq!(names(&with), [arm(0.25), Arm::ORIGINAL]);
        assert!(with.quarantined[0].reason.contains("of the experiment"), "{}", with.quarantined[0].reason);
    }
}
